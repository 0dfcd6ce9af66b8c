"""`Store` in a lake: append to the inbox, answer from the tables, maintain them if elected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import duckdb
import psycopg
import pyarrow as pa

from spanledger_collector.store.duckdb.alerting import Alerting
from spanledger_collector.store.duckdb.answering import Answering
from spanledger_collector.store.duckdb.backup import back_up
from spanledger_collector.store.duckdb.repricing import reprice
from spanledger_collector.store.duckdb.retention import Keep
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.errors import StoreError, StoreUnavailable
from spanledger_collector.store.lake.arrivals import all_taken_in
from spanledger_collector.store.lake.connection import Translating, in_transaction
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.inbox import Inbox
from spanledger_collector.store.lake.maintainer import Maintainer
from spanledger_collector.store.lake.opening import SCHEMA_VERSION, open_lake, stored_columns
from spanledger_collector.store.lake.place import LakePlace
from spanledger_collector.store.lake.settling import settled
from spanledger_collector.store.lake.watching import Watching
from spanledger_collector.store.protocol import AlertNotes, Appended, Backup, Batch, StoreState

__all__ = ["LakeStore"]

T = TypeVar("T")


class LakeStore(Answering):
    """A ledger in a DuckLake that any number of collectors share.

    Args:
        place: where it is.
        folder: where files may lie for a moment.
        memory_limit: what DuckDB may use, such as `2GB`.
        threads: how many threads DuckDB may use.
        keep: for how many days rows are kept.
        maintain: whether to maintain it, if elected.

    Raises:
        StoreError: the lake cannot or must not be opened.
    """

    def __init__(
        self,
        place: LakePlace,
        folder: Path,
        memory_limit: str | None = None,
        threads: int | None = None,
        keep: Keep | None = None,
        *,
        maintain: bool = True,
    ) -> None:
        self._place = place
        self._folder = folder
        self._memory_limit = memory_limit
        self._threads = threads
        self._keep = keep or Keep()
        self._maintain = maintain
        super().__init__()
        folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def _open(self) -> None:
        self._connection = open_lake(self._place, self._memory_limit, self._threads)
        self._session = Session(self._place.connection)
        self._inbox = Inbox(self._session)
        try:
            self._inbox.create()
        except psycopg.Error as error:
            raise StoreError(f"The lake's inbox cannot be made in PostgreSQL: {error}") from error
        self._watching = Watching(self._place.connection)
        self._readers.admit(self._connection)
        self._maintainer = Maintainer(self._connection.cursor(), self._place.connection, self._keep)
        if self._maintain:
            self._maintainer.start()

    @property
    def folder(self) -> Path:
        """Where files may lie for a moment."""
        return self._folder

    @property
    def leads(self) -> bool:
        """Whether this collector is the one that maintains the lake, and so judges alerts."""
        return self._maintainer.elected

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Commit batches to the inbox; whether their calls count is found out by the maintainer."""
        if self._watching.bytes_waiting > self._place.max_inbox_bytes:
            raise StoreUnavailable(
                f"More than {self._place.max_inbox_bytes >> 20} MiB wait in PostgreSQL to be taken "
                "into the lake: either no collector maintains it, or its files cannot be written."
            )
        try:
            number = self._inbox.put(batches)
        except psycopg.Error as error:
            self._session.close()
            raise StoreUnavailable(f"PostgreSQL cannot commit: {error}") from error
        return Appended(
            batch_id=number,
            calls=sum(batch.calls.num_rows for batch in batches),
            spans=sum(batch.spans.num_rows for batch in batches),
            quarantined=sum(batch.quarantine.num_rows for batch in batches),
            duplicates=0,
            points=sum(batch.points.num_rows for batch in batches),
        )

    def roll_up(self) -> bool:
        """Nothing: that is the maintainer's."""
        return False

    def catch_up(self) -> bool:
        """Nothing: that is the maintainer's."""
        return False

    def pack(self) -> int:
        """Nothing: that is the maintainer's."""
        return 0

    def tidy(self) -> bool:
        """Nothing: that is the maintainer's."""
        return False

    def reprice(self, calls: pa.Table, entry: pa.Table) -> None:
        """Give calls other costs, and count their hours again from nothing."""

        def work(lake: duckdb.DuckDBPyConnection) -> None:
            rollups = Rollups(lake, lambda step: step())
            newest, _ = settled(lake)
            reprice(Statements(lake), rollups, calls, entry, newest)

        self._in_turn(work)

    def note_alerts(self, notes: AlertNotes, hour: datetime | None = None) -> frozenset[str]:
        """Enter alerts with their events and messages, all or nothing."""
        return self._in_turn(lambda lake: Alerting(Statements(lake)).note(notes, hour))

    def lease_sends(self, now: datetime, until: datetime, holder: str, most: int) -> pa.Table:
        """Give out messages that are due."""
        return self._in_turn(
            lambda lake: Alerting(Statements(lake)).lease(now, until, holder, most)
        )

    def release_sends(self, now: datetime) -> None:
        """Leave it: another collector may have them in hand, and its time runs out by itself."""

    def settle_sends(self, settled: pa.Table) -> None:
        """Note what came of messages that were given out."""
        self._in_turn(lambda lake: Alerting(Statements(lake)).settle(settled))

    def _in_turn(self, work: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        """Write in a transaction, while nobody else changes the tables."""
        connection = self._connection.cursor()
        try:
            with Session(self._place.connection) as session, session.turn():
                return in_transaction(connection, lambda: work(Translating.of(connection)))
        except psycopg.Error as error:
            raise StoreUnavailable(f"PostgreSQL does not answer: {error}") from error
        finally:
            connection.close()

    def probe(self) -> None:
        """See whether PostgreSQL commits again."""
        try:
            self._inbox.waiting()
        except psycopg.Error as error:
            self._session.close()
            raise StoreUnavailable(f"PostgreSQL does not answer: {error}") from error

    def reopen(self) -> None:
        """Close the lake, whatever state it is in, and open it again."""
        self.close()
        self._open()

    def back_up(self, target: Path) -> Backup:
        """Write all that is acknowledged now into a new DuckDB file, and check it."""
        with self._readers.cursor() as cursor:
            all_taken_in(cursor, self._place.connection)
        return back_up(self._readers, target, stored_columns())

    def state(self) -> StoreState:
        """Say where the store stands; what waits in the inbox counts as one pass not yet made."""
        try:
            with self._readers.cursor() as cursor:
                newest, _ = settled(cursor)
                size = self._watching.size_of(cursor)
        except duckdb.Error as error:
            raise StoreUnavailable(f"The lake cannot answer: {error}") from error
        return StoreState(SCHEMA_VERSION, newest, size, None, *self._keep)

    def close(self) -> None:
        """Let go of the lake; what waits in the inbox is another collector's."""
        self._maintainer.close()
        self._watching.close()
        self._readers.expel()
        self._session.close()
        self._connection.close()
