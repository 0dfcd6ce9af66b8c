"""Bring a ledger's schema to this release's version, if we know it and the disk has room."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from pathlib import Path

import duckdb

from spanledger._version import __version__
from spanledger_collector.store import sql_files
from spanledger_collector.store.duckdb.space import MIB, FreeSpace
from spanledger_collector.store.errors import StoreError

__all__ = ["SCHEMA_VERSION", "known_version", "upgrade"]

SCHEMA_VERSION = max(sql_files.schema())
_WRITTEN_ANEW = (3, 4, 6)
"""The versions whose upgrade writes all calls anew."""


def upgrade(
    connection: duckdb.DuckDBPyConnection, path: Path, space: FreeSpace | None = None
) -> None:
    """Bring the schema to this release's version, each version in a transaction of its own.

    DuckDB 1 cannot replace a table that the same transaction has changed.

    Args:
        connection: to the database, to write.
        path: its file.
        space: the room on its disk; none is asked for a ledger that is being made.

    Raises:
        StoreError: the schema is not known, or the disk has no room for the upgrade.
    """
    found = known_version(connection, path)
    if found and space is not None:
        _check_room(connection, path, found, space)
    for version, statements in sql_files.schema().items():
        if version > found:
            connection.execute("begin transaction")
            if found == 0 and version == 1:
                connection.execute(sql_files.statement("create_schema_version"))
            for statement in statements:
                connection.execute(statement)
            _record(connection, version)
            connection.execute("commit")
    connection.execute("begin transaction")
    _define_macros(connection)
    connection.execute("commit")


def _check_room(
    connection: duckdb.DuckDBPyConnection, path: Path, found: int, space: FreeSpace
) -> None:
    """Refuse an upgrade that would meet the end of the disk.

    Each time that calls are written anew the file grows by as much as is in use, less what it has
    to spare: it has a lot after an upgrade that was killed.
    """
    times = sum(version > found for version in _WRITTEN_ANEW)
    if not times:
        return
    [[in_use]] = connection.execute(sql_files.statement("bytes_in_use")).fetchall()
    needed = max(0, (1 + times) * int(in_use) - path.stat().st_size)
    free = space.free()
    if free < needed + space.wanted:
        raise StoreError(
            f"The ledger {path} has schema version {found}, and this release of SpanLedger "
            f"({__version__}) has to write its calls anew. That takes {_mib(needed)} of disk, "
            f"beside {_mib(space.wanted)} that always stay free (store.min_free_bytes), and "
            f"{_mib(free)} are free. Free {_mib(needed + space.wanted - free)}, or move the data "
            "folder to a larger disk and set store.path to it; then start again. Nothing was "
            "changed: the release that wrote the ledger can go on with it."
        )


def _mib(size: int) -> str:
    return f"{-(-size // MIB):,} MiB"


def known_version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Read the file's schema version, and refuse one that this release does not know."""
    found = _version_of(connection, path)
    if found > SCHEMA_VERSION:
        raise StoreError(
            f"The ledger {path} has schema version {found}, and this release of SpanLedger "
            f"({__version__}) knows versions up to {SCHEMA_VERSION}: a newer release made it. "
            "Upgrade SpanLedger, or set store.path to another folder. The file was not touched."
        )
    return found


def _define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define this release's macros, unless they are there: reading must not need to write."""
    macros = sql_files.macros()
    digest = hashlib.sha256("\n".join(macros).encode()).hexdigest()
    [[applied]] = connection.execute(sql_files.statement("macro_digest")).fetchall()
    if applied == digest:
        return
    for macro in macros:
        connection.execute(macro)
    connection.execute(sql_files.statement("set_macro_digest"), {"digest": digest})


def _version_of(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """Read the file's schema version; 0 when the file is new."""
    tables = {row[0] for row in connection.execute(sql_files.statement("tables")).fetchall()}
    if not tables:
        return 0
    if "schema_version" not in tables:
        raise StoreError(
            f"{path} is a DuckDB database, but not a SpanLedger ledger: it has no table "
            "schema_version. Set store.path to another folder. The file was not touched."
        )
    [[version]] = connection.execute(sql_files.statement("schema_version")).fetchall()
    return int(version or 0)


def _record(connection: duckdb.DuckDBPyConnection, version: int) -> None:
    connection.execute(
        sql_files.statement("record_schema_version"),
        {
            "version": version,
            "applied_at": datetime.now(timezone.utc).replace(tzinfo=None),
            "release": __version__,
        },
    )
