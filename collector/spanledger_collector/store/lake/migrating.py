"""Move a whole ledger from a DuckDB file into an empty lake, all or nothing, checked by totals."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import psycopg

from spanledger_collector.store.duckdb.backup import contents
from spanledger_collector.store.duckdb.opening import check_ledger
from spanledger_collector.store.duckdb.upgrading import SCHEMA_VERSION
from spanledger_collector.store.errors import StoreError
from spanledger_collector.store.lake.connection import Translating, in_transaction
from spanledger_collector.store.lake.dialect import LAKE
from spanledger_collector.store.lake.election import Session
from spanledger_collector.store.lake.inbox import Inbox
from spanledger_collector.store.lake.opening import open_lake, stored_columns
from spanledger_collector.store.lake.place import LakePlace
from spanledger_collector.store.lake.settling import settled
from spanledger_collector.store.protocol import Backup

__all__ = ["move_in"]

_BATCH_ROWS: Final = 100_000


def move_in(file: Path, place: LakePlace, memory_limit: str | None) -> Backup:
    """Copy every row of a ledger that nobody has open into a lake that holds none.

    Raises:
        StoreError: the file is no ledger of this release's schema, or the lake is not empty.
        StoreUnavailable: the lake cannot commit; it holds nothing then.
    """
    with check_ledger(file) as ledger:
        told = contents(ledger)
        if told.schema_version != SCHEMA_VERSION:
            raise StoreError(
                f"The ledger {file} has schema version {told.schema_version}; a lake takes version "
                f"{SCHEMA_VERSION}. Start this release's collector on the file once."
            )
        lake = open_lake(place, memory_limit, None)
        try:
            with Session(place.connection) as session:
                Inbox(session).create()
                with session.turn():
                    in_transaction(lake, lambda: _copy(ledger, lake, told))
        except psycopg.Error as error:
            raise StoreError(f"PostgreSQL does not answer: {error}") from error
        finally:
            lake.close()
    return told


def _copy(ledger: duckdb.DuckDBPyConnection, lake: duckdb.DuckDBPyConnection, told: Backup) -> None:
    newest, _ = settled(lake)
    if newest:
        raise StoreError("The lake holds calls already. Name an empty one to move a ledger into.")
    writing = Translating.of(lake)
    for table, columns in stored_columns().items():
        rows = ledger.sql(f"select {', '.join(columns)} from {table}")
        writing.execute(f"delete from {table}")  # what a new lake holds: versions, watermarks
        lake.register("incoming", rows.to_arrow_reader(_BATCH_ROWS))
        writing.execute(f"insert into {table} by name\nselect * from incoming")
        lake.unregister("incoming")
    batch = max(told.newest_batch, _watermark(ledger))
    lake.execute(f"update {LAKE}.settled set batch_id = $batch", {"batch": batch})
    arrived = contents(lake)
    if arrived != told:
        raise StoreError(f"The lake would not hold what the ledger does: {arrived}, {told}.")


def _watermark(ledger: duckdb.DuckDBPyConnection) -> int:
    [[batch]] = ledger.execute("select batch_id from rollup_watermark").fetchall()
    return int(batch)
