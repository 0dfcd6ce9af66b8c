"""The thread in which a collector maintains the lake, if it is the one elected to.

Every collector has it and asks for the lock; PostgreSQL gives it to one, and to another as soon as
the first one's session ends, however it ended.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

import duckdb
import psycopg

from spanledger_collector.store.duckdb.retention import Keep
from spanledger_collector.store.errors import BadBatch, StoreUnavailable
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.upkeep import Upkeep

__all__ = ["Maintainer"]

PASS_EVERY_S: Final = 1.0
ROLL_UP_EVERY_S: Final = 10.0
PACK_EVERY_S: Final = 60.0
TIDY_EVERY_S: Final = 600.0

_log = logging.getLogger(__name__)


class Maintainer:
    """Takes in what arrives, rolls up, packs, expires and merges; in a thread of its own.

    Args:
        connection: a cursor of the lake's, which nobody else uses.
        target: how libpq connects.
        keep: for how many days rows are kept.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, target: str, keep: Keep) -> None:
        self._connection = connection
        self._session = Session(target)
        self._upkeep = Upkeep(connection, self._session, keep)
        self._due: dict[str, float] = {}
        self._stopping = threading.Event()
        self._elected = False
        self._thread = threading.Thread(target=self._run, name="spanledger-lake", daemon=True)

    @property
    def elected(self) -> bool:
        """Whether this collector is the one that maintains the lake."""
        return self._elected

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Finish what is under way and leave the work to another collector."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._session.close()
        self._connection.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            more = False
            try:
                if self._elected or self._elect():
                    more = self._work()
            except (BadBatch, StoreUnavailable, psycopg.Error, duckdb.Error) as error:
                _log.error("upkeep of the lake failed, and is tried again: %s", error)
                self._step_down()
            except Exception:  # noqa: BLE001 -- this thread must outlive any error
                _log.exception("upkeep of the lake failed, and is tried again")
                self._step_down()
            if not more:
                self._stopping.wait(PASS_EVERY_S)

    def _elect(self) -> bool:
        self._elected = self._session.elect()
        if self._elected:
            _log.info("this collector maintains the lake from now on")
        return self._elected

    def _step_down(self) -> None:
        """Let go of the lock with the session: whoever is able to takes over."""
        self._elected = False
        self._session.close()

    def _work(self) -> bool:
        """Do what is due; True if more arrivals wait than one pass takes in."""
        self._session.connection.execute("select 1")  # raises when the lock is gone
        taken = self._upkeep.take_in()
        if self._is_due("roll_up", ROLL_UP_EVERY_S):
            self._upkeep.roll_up()
            self._upkeep.catch_up()
            if self._is_due("pack", PACK_EVERY_S):
                self._upkeep.pack()
            if self._is_due("tidy", TIDY_EVERY_S) and self._upkeep.tidy():
                self._due.pop("tidy")
            self._upkeep.tend_files()
        return taken is not None

    def _is_due(self, what: str, every: float) -> bool:
        at = time.monotonic()
        if at < self._due.get(what, 0.0):
            return False
        self._due[what] = at + every
        return True
