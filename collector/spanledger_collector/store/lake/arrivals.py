"""Wait until all that was acknowledged up to now is in the lake's tables."""

from __future__ import annotations

import logging
import time
from typing import Final

import duckdb
import psycopg

from spanledger_collector.store.duckdb.retention import Keep
from spanledger_collector.store.errors import BadBatch, StoreUnavailable
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.inbox import Inbox
from spanledger_collector.store.lake.upkeep import Upkeep

__all__ = ["all_taken_in"]

PATIENCE_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.2

_log = logging.getLogger(__name__)


def all_taken_in(connection: duckdb.DuckDBPyConnection, target: str) -> None:
    """Return when nothing waits that waits now; whoever maintains takes it in, else we do.

    Args:
        connection: a cursor of the lake's, which nobody else uses.
        target: how libpq connects.

    Raises:
        StoreUnavailable: it goes on waiting.
    """
    try:
        with Session(target) as session:
            _wait(connection, session, Inbox(session))
    except (BadBatch, psycopg.Error) as error:
        raise StoreUnavailable(f"What waits in PostgreSQL cannot be taken in: {error}") from error


def _wait(connection: duckdb.DuckDBPyConnection, session: Session, inbox: Inbox) -> None:
    taking_in = Upkeep(connection, session, Keep())
    newest = inbox.newest()
    left = inbox.waiting_up_to(newest)
    deadline = time.monotonic() + PATIENCE_S
    while left:
        if session.elect():
            taking_in.take_in()
        else:
            time.sleep(_LOOK_EVERY_S)
        before, left = left, inbox.waiting_up_to(newest)
        if left < before:
            deadline = time.monotonic() + PATIENCE_S
        elif time.monotonic() > deadline:
            raise StoreUnavailable(
                f"{left} acknowledged requests wait in PostgreSQL, and the collector that "
                "maintains the lake does not take them in: its log says why. Try again later."
            )
    if refused := inbox.refused():
        _log.warning(
            "%d requests are not among the calls: the lake refused them (spanledger.inbox)", refused
        )
