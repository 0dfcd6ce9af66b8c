"""Take arrivals into the lake exactly once, and count calls once, by the code that a file uses."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import duckdb
import psycopg

from spanledger_collector.store.duckdb.appending import Appending
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.errors import StoreUnavailable
from spanledger_collector.store.lake.dialect import LAKE
from spanledger_collector.store.lake.inbox import Arrival, Inbox
from spanledger_collector.store.protocol import Appended

__all__ = ["PASS_BYTES", "Settling", "settled"]

PASS_BYTES: Final = 8 << 20
"""Compressed bytes taken in at once; about a hundred thousand calls."""
_SETTLED: Final = f"select batch_id, inbox_ids from {LAKE}.settled"
_SETTLE: Final = f"update {LAKE}.settled set batch_id = $batch_id, inbox_ids = $inbox_ids"

_NOT_ITS_FAULT: Final = (StoreUnavailable, psycopg.Error, duckdb.Error)
"""Errors that no arrival causes; it is tried again after them."""

_log = logging.getLogger(__name__)


def settled(connection: duckdb.DuckDBPyConnection) -> tuple[int, list[int]]:
    """Which pass was the last, and which arrivals did it take in?"""
    [[batch_id, ids]] = connection.execute(_SETTLED).fetchall()
    return int(batch_id), [int(each) for each in ids.split(",") if each]


class Settling:
    """Moves arrivals from the inbox into the tables; only the maintainer may.

    A pass notes in its own transaction which arrivals it took in. They are deleted before the next
    pass begins, so whoever goes on after a crash, or took over meanwhile, cannot take them again:
    two passes at once update the same row, and the lake lets one of them commit.

    Args:
        connection: the one that writes.
        transaction: runs work in a transaction of its own.
        inbox: what waits.
        rollups: the sums, which follow.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        transaction: Callable[[Callable[[], None]], None],
        inbox: Inbox,
        rollups: Rollups,
    ) -> None:
        self._connection = connection
        self._transaction = transaction
        self._inbox = inbox
        self._appending = Appending(Statements(connection), rollups)

    def settle(self) -> Appended | None:
        """Take in what has waited longest; None when nothing waits."""
        if not self._inbox.waiting()[0]:
            return None
        try:
            return self._take_in(PASS_BYTES)
        except _NOT_ITS_FAULT:
            raise
        except Exception:  # noqa: BLE001 -- an arrival that breaks our own code must not block the rest
            return self._one_alone()

    def _take_in(self, max_bytes: int) -> Appended | None:
        done: list[tuple[list[int], Appended]] = []

        def work() -> None:
            done.extend(self._pass(max_bytes))

        self._transaction(work)
        for ids, appended in done:
            self._inbox.forget(ids)
            return appended
        return None

    def _one_alone(self) -> Appended | None:
        """Take in one arrival, so that a bad one fails alone; it is set aside, never lost."""
        try:
            return self._take_in(1)
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 -- as above
            [bad] = self._inbox.take(1)
            self._inbox.refuse(bad.id, f"{type(error).__name__}: {error}")
            _log.error(
                "arrival %d cannot be taken into the lake and is kept in spanledger.inbox: %s",
                bad.id,
                error,
            )
            return Appended(bad.id, 0, 0, 0, 0)

    def _pass(self, max_bytes: int) -> Iterator[tuple[list[int], Appended]]:
        newest, done = settled(self._connection)
        self._inbox.forget(done)
        arrivals = self._inbox.take(max_bytes)
        if arrivals:
            yield [each.id for each in arrivals], self._append(arrivals, newest + 1)

    def _append(self, arrivals: Sequence[Arrival], batch_id: int) -> Appended:
        appended = self._appending.append(
            [each.batch for each in arrivals], batch_id, arrivals[-1].received_at
        )
        ids = ",".join(str(each.id) for each in arrivals)
        self._connection.execute(_SETTLE, {"batch_id": batch_id, "inbox_ids": ids})
        return appended
