"""Copy a ledger into a file of its own while it is written, and check the copy.

The copy is made row by row in one snapshot of a reader: no commit waits for it, whatever the
ledger's size, nothing of the database's locks has to be loosened, and every block of the copy is
written anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb.opening import check_ledger, create_ledger, open_copy
from spanledger_collector.store.duckdb.reading import Readers
from spanledger_collector.store.errors import StoreError, StoreUnavailable
from spanledger_collector.store.protocol import Backup

__all__ = ["back_up", "contents", "copy_portable", "examine"]

_BATCH_ROWS = 50_000


def back_up(
    readers: Readers, target: Path, tables: Mapping[str, list[str]] | None = None
) -> Backup:
    """Write everything that is committed now into a new file.

    Args:
        readers: lends a cursor.
        target: the file.
        tables: the tables and their stored columns; by default what the catalogue says.

    Raises:
        StoreUnavailable: the ledger cannot be read, or the copy not be written.
    """
    try:
        with readers.cursor() as cursor:
            cursor.begin()
            told = contents(cursor)
            _copy(cursor, target, tables)
        written = examine(target)
    except (duckdb.Error, StoreError, OSError) as error:
        raise StoreUnavailable(f"The backup failed: {error}") from error
    if written != told:
        raise StoreUnavailable(f"The backup does not hold what the ledger does: {written}, {told}.")
    _flush(target)
    return told


def copy_portable(source: Path, target: Path) -> Backup:
    """Copy a ledger that nobody has open into the format that DuckDB 1.5 reads, too.

    Raises:
        StoreError: the source is no ledger that this release can read, or the target exists.
        StoreUnavailable: the copy could not be written, or does not hold what the source does.
    """
    with check_ledger(source) as ledger:
        told = contents(ledger)
        try:
            _copy(ledger, target, None, portable=True)
            written = examine(target)
        except (duckdb.Error, OSError) as error:
            raise StoreUnavailable(f"The copy failed: {error}") from error
    if written != told:
        raise StoreUnavailable(f"The copy does not hold what the ledger does: {written}, {told}.")
    _flush(target)
    return told


def examine(file: Path) -> Backup:
    """Say what a backup holds, or any ledger that nobody has open.

    Raises:
        StoreError: it is no ledger that this release can read.
    """
    with check_ledger(file) as connection:
        return contents(connection)


def _copy(
    source: duckdb.DuckDBPyConnection,
    target: Path,
    tables: Mapping[str, list[str]] | None,
    *,
    portable: bool = False,
) -> None:
    if tables is None:
        tables = dict(source.execute(sql_files.statement("stored")).fetchall())
    create_ledger(target, portable=portable)
    with open_copy(target) as copy:
        for table, columns in tables.items():
            _copy_table(source, copy, table, columns)


def _copy_table(
    source: duckdb.DuckDBPyConnection,
    copy: duckdb.DuckDBPyConnection,
    table: str,
    columns: list[str],
) -> None:
    """Copy a table; the names come from the catalogue, and no name can be bound."""
    stored = ", ".join(f'"{column}"' for column in columns)
    rows = source.sql(f'select {stored} from "{table}"').to_arrow_reader(_BATCH_ROWS)
    copy.begin()
    copy.execute(f'delete from "{table}"')  # what a new ledger holds: versions, watermarks
    copy.register("incoming", rows)
    copy.execute(f'insert into "{table}" by name from incoming')
    copy.unregister("incoming")
    copy.commit()


def contents(connection: duckdb.DuckDBPyConnection) -> Backup:
    """Say what a ledger holds."""
    [row] = connection.execute(sql_files.statement("contents")).fetchall()
    return Backup(*_exact(row))


def _exact(row: tuple[Any, ...]) -> tuple[int, int, int, int, Decimal, Decimal]:
    version, batch, calls, spans, cost, by_hour = row
    return int(version), int(batch), int(calls), int(spans), Decimal(cost), Decimal(by_hour)


def _flush(file: Path) -> None:
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
