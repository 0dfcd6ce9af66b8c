"""What the elected collector does for the lake: take in, roll up, pack, expire, tend the files."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from spanledger_collector.store.duckdb.retention import Keep, Retention
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.lake.connection import Translating, in_transaction
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.files import Files
from spanledger_collector.store.lake.inbox import Inbox
from spanledger_collector.store.lake.settling import Settling, settled
from spanledger_collector.store.moments import now
from spanledger_collector.store.protocol import Appended

__all__ = ["Upkeep"]


class Upkeep:
    """The work itself, each step a transaction or a few; whoever calls it must be elected.

    Args:
        connection: a cursor of the lake's, which nobody else uses.
        session: the one that holds the maintainer's lock.
        keep: for how many days rows are kept.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, session: Session, keep: Keep) -> None:
        self._connection = connection
        self._session = session
        lake = Translating.of(connection)
        self._rollups = Rollups(lake, self._in_turn)
        self._retention = Retention(lake, self._in_turn, self._rollups, keep)
        self._settling = Settling(lake, self._in_turn, Inbox(session), self._rollups)
        self._files = Files(connection, session)

    def take_in(self) -> Appended | None:
        """Take in what has waited longest; None when nothing waits."""
        return self._settling.settle()

    def roll_up(self) -> bool:
        """Count the calls above the watermark; False when there are none."""
        newest = self._newest()
        if self._rollups.watermark() >= newest:
            return False
        self._in_turn(lambda: self._rollups.count(newest))
        return True

    def catch_up(self) -> bool:
        """Let the rollups that follow a while after count on for a moment."""
        return self._rollups.catch_up(now(), self._newest())

    def pack(self) -> int:
        """Add up the partial rows of hours and days that have many."""
        return self._rollups.pack(now(), self._newest())

    def tidy(self) -> bool:
        """Let go of a day of what has been kept long enough; True if more is due."""
        return self._retention.tidy(now(), self._newest())

    def tend_files(self) -> None:
        """Merge, expire and delete files, as far as that is due."""
        with self._session.turn():
            self._files.tend()

    def _newest(self) -> int:
        return settled(self._connection)[0]

    def _in_turn(self, work: Callable[[], None]) -> None:
        """Do something in a transaction, while no other collector changes the tables."""
        with self._session.turn():
            in_transaction(self._connection, work)
