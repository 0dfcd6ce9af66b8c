"""`Store` in one DuckDB file: one writing connection, a cursor a reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb.alerting import Alerting
from spanledger_collector.store.duckdb.answering import Answering
from spanledger_collector.store.duckdb.appending import Appending
from spanledger_collector.store.duckdb.backup import back_up
from spanledger_collector.store.duckdb.opening import DATABASE_NAME, open_database
from spanledger_collector.store.duckdb.repricing import reprice
from spanledger_collector.store.duckdb.retention import Keep, Retention
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.space import MIN_FREE_BYTES, FreeSpace
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.duckdb.upgrading import SCHEMA_VERSION
from spanledger_collector.store.errors import BadBatch, StoreUnavailable
from spanledger_collector.store.protocol import AlertNotes, Appended, Backup, Batch, StoreState

__all__ = ["DuckDBStore"]

T = TypeVar("T")


class DuckDBStore(Answering):
    """A ledger in `<folder>/ledger.duckdb`.

    Args:
        folder: the data folder; made when it is missing.
        memory_limit: what DuckDB may use, such as `2GB`.
        threads: how many threads DuckDB may use.
        keep: for how many days rows are kept.
        min_free_bytes: room on the disk below which nothing more is written.

    Raises:
        StoreError: the database cannot or must not be opened.
    """

    def __init__(
        self,
        folder: Path,
        memory_limit: str | None = None,
        threads: int | None = None,
        keep: Keep | None = None,
        min_free_bytes: int = MIN_FREE_BYTES,
    ) -> None:
        self._folder = folder
        self._memory_limit = memory_limit
        self._threads = threads
        self._keep = keep or Keep()
        self._space = FreeSpace(folder, min_free_bytes)
        super().__init__()
        self._open()

    def _open(self) -> None:
        self._connection = open_database(
            self._folder, self._memory_limit, self._threads, self._space
        )
        self._newest = self._one(sql_files.statement("newest_batch"))
        self._rollups = Rollups(self._connection, self._transaction)
        self._retention = Retention(self._connection, self._transaction, self._rollups, self._keep)
        self._alerting = Alerting(Statements(self._connection))
        self._appending = Appending(Statements(self._connection), self._rollups)
        self._readers.admit(self._connection)

    @property
    def folder(self) -> Path:
        """The data folder."""
        return self._folder

    @property
    def leads(self) -> bool:
        """A file is one process's alone."""
        return True

    def append(self, batches: Sequence[Batch]) -> Appended:
        """Commit batches as one transaction."""
        batch_id = self._newest + 1
        appended = self._transaction(lambda: self._appending.append(batches, batch_id, _now()))
        self._newest = batch_id
        return appended

    def roll_up(self) -> bool:
        """Count the calls above the watermark."""
        if self._rollups.watermark() >= self._newest:
            return False
        self._transaction(lambda: self._rollups.count(self._newest))
        return True

    def catch_up(self) -> bool:
        """Let the rollups that follow a while after count on for a moment."""
        return self._rollups.catch_up(_now(), self._newest)

    def reprice(self, calls: pa.Table, entry: pa.Table) -> None:
        """Give calls other costs, and count their hours again from nothing."""
        statements = Statements(self._connection)
        self._transaction(lambda: reprice(statements, self._rollups, calls, entry, self._newest))

    def note_alerts(self, notes: AlertNotes, hour: datetime | None = None) -> frozenset[str]:
        """Enter alerts with their events and messages, all or nothing."""
        return self._transaction(lambda: self._alerting.note(notes, hour))

    def lease_sends(self, now: datetime, until: datetime, holder: str, most: int) -> pa.Table:
        """Give out messages that are due."""
        return self._transaction(lambda: self._alerting.lease(now, until, holder, most))

    def release_sends(self, now: datetime) -> None:
        """Let messages be given out at once that an earlier process had in hand."""
        self._transaction(lambda: self._alerting.release(now))

    def settle_sends(self, settled: pa.Table) -> None:
        """Note what came of messages that were given out."""
        self._transaction(lambda: self._alerting.settle(settled))

    def pack(self) -> int:
        """Add up the partial rows of hours and days that have many."""
        return self._rollups.pack(_now(), self._newest)

    def tidy(self) -> bool:
        """Let go of a day of what has been kept long enough."""
        return self._retention.tidy(_now(), self._newest)

    def probe(self) -> None:
        """Commit a heartbeat."""
        beat = sql_files.statement("beat")
        self._transaction(lambda: self._connection.execute(beat, {"now": _now()}))

    def reopen(self) -> None:
        """Close the database, whatever state it is in, and open it again."""
        self.close()
        self._open()

    def back_up(self, target: Path) -> Backup:
        """Write all that is committed now into a new file, and check it."""
        return back_up(self._readers, target)

    def state(self) -> StoreState:
        """Say where the store stands."""
        database = self._folder / DATABASE_NAME
        files = (database, database.with_name(database.name + ".wal"))
        size = sum(file.stat().st_size for file in files if file.exists())
        free = self._space.free()
        return StoreState(SCHEMA_VERSION, self._newest, size, free, *self._keep)

    def close(self) -> None:
        """Close the database; DuckDB writes its log into the file when the last user leaves."""
        self._readers.expel()
        self._connection.close()

    def _one(self, sql: str, parameters: dict[str, object] | None = None) -> int:
        # All rows are fetched: DuckDB refuses further work while a result is half read.
        [[value]] = self._connection.execute(sql, parameters or {}).fetchall()
        return int(value)

    def _transaction(self, work: Callable[[], T]) -> T:
        self._space.check()
        try:
            self._connection.begin()
            result = work()
            self._connection.commit()
        except duckdb.Error as error:
            self._roll_back()
            if isinstance(error, _DATA_ERRORS):
                raise BadBatch(str(error)) from error
            fatal = not isinstance(error, duckdb.OperationalError) or "invalidated" in str(error)
            raise StoreUnavailable(str(error), fatal=fatal) from error
        except Exception:
            self._roll_back()
            raise
        return result

    def _roll_back(self) -> None:
        try:
            self._connection.rollback()
        except duckdb.Error:
            return  # the transaction is gone already, or the whole database is


_DATA_ERRORS = (duckdb.DataError, duckdb.IntegrityError, duckdb.ProgrammingError)


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)
