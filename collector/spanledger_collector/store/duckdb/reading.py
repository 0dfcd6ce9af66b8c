"""Run one query against the ledger, stoppable from another thread."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from spanledger_collector.store import sql_files
from spanledger_collector.store.errors import QueryStopped, StoreUnavailable
from spanledger_collector.store.protocol import Answer

__all__ = ["Readers", "RunningQuery"]

_BATCH_ROWS = 10_000
warnings.filterwarnings("ignore", "Arrow output on a DB-API result")  # a copy is nothing to a plan
_CLOSE_PATIENCE_S = 10.0


class Readers:
    """The cursors in use, so that the database can be closed under none of them."""

    def __init__(self) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._changed = threading.Condition()

    def admit(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let readers use a connection's database from now on."""
        with self._changed:
            self._connection = connection

    def expel(self) -> None:
        """Let no reader in, stop those that are at it and wait until they are gone."""
        with self._changed:
            self._connection = None
            for cursor in self._cursors:
                cursor.interrupt()
            self._changed.wait_for(lambda: not self._cursors, _CLOSE_PATIENCE_S)

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Lend a cursor of its own to one reader."""
        with self._changed:
            if self._connection is None:
                raise StoreUnavailable("The ledger is being reopened.")
            cursor = self._connection.cursor()
            self._cursors.add(cursor)
        try:
            yield cursor
        finally:
            cursor.close()
            with self._changed:
                self._cursors.discard(cursor)
                self._changed.notify_all()


class RunningQuery:
    """One query; see `spanledger_collector.store.protocol.Running`."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._stopped = False

    def run(self, sql: str, parameters: Mapping[str, object], max_rows: int) -> Answer:
        """Run it in a snapshot of its own."""
        with self._readers.cursor() as cursor:
            self._cursor = cursor
            try:
                return self._run(cursor, sql, dict(parameters), max_rows)
            except duckdb.InterruptException as error:
                raise self._interrupted() from error
            except (duckdb.OperationalError, duckdb.InternalError, duckdb.FatalException) as error:
                raise StoreUnavailable(f"The ledger cannot answer: {error}") from error
            finally:
                self._cursor = None

    def stop(self) -> None:
        """Interrupt it."""
        self._stopped = True
        cursor = self._cursor
        if cursor is not None:
            cursor.interrupt()

    def _interrupted(self) -> Exception:
        if self._stopped:
            return QueryStopped()
        return StoreUnavailable("The ledger is being reopened.")

    def _run(
        self,
        cursor: duckdb.DuckDBPyConnection,
        sql: str,
        parameters: dict[str, object],
        max_rows: int,
    ) -> Answer:
        cursor.begin()
        if "$watermark" in sql:
            [[watermark]] = cursor.execute(sql_files.statement("watermark")).fetchall()
            parameters["watermark"] = watermark
        if self._stopped:
            raise QueryStopped
        # Not `cursor.sql`, which plans twice: most of what a question to the rollups takes.
        reader = cursor.execute(sql, parameters).to_arrow_reader(_BATCH_ROWS)
        assert reader is not None  # it is for statements without a result
        batches: list[pa.RecordBatch] = []
        rows = 0
        while rows <= max_rows and (batch := next(reader, None)) is not None:
            batches.append(batch)
            rows += batch.num_rows
        table = pa.Table.from_batches(batches, reader.schema)
        return Answer(table.slice(0, max_rows), truncated=rows > max_rows)
