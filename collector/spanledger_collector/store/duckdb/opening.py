"""Open a ledger's database file, or say in a paragraph why it is not to be opened."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from spanledger_collector.store.duckdb.space import FreeSpace
from spanledger_collector.store.duckdb.upgrading import known_version, upgrade
from spanledger_collector.store.errors import StoreError

__all__ = [
    "DATABASE_NAME",
    "check_ledger",
    "create_ledger",
    "is_open",
    "open_copy",
    "open_database",
]

DATABASE_NAME = "ledger.duckdb"
CHECKPOINT_THRESHOLD = "256MB"
PORTABLE = "v1.5.0"
"""The newest format of files that DuckDB 1.5 reads."""


def open_database(
    folder: Path, memory_limit: str | None, threads: int | None, space: FreeSpace
) -> duckdb.DuckDBPyConnection:
    """Open the database in a data folder, making folder, file and schema where they are missing.

    Raises:
        StoreError: the folder or file cannot be used, is not ours, or has no room to be upgraded.
    """
    path = folder / DATABASE_NAME
    _prepare_folder(folder)
    connection = _connect(path, memory_limit, threads)
    try:
        upgrade(connection, path, space)
        _lock_down(connection)
    except duckdb.Error as error:
        connection.close()
        raise _unusable(path, error) from error
    except StoreError:
        connection.close()
        raise
    return connection


def create_ledger(file: Path, *, portable: bool = False) -> None:
    """Make an empty ledger of this release in a file that does not exist.

    Args:
        file: the file.
        portable: whether DuckDB 1.5 must be able to read it.

    Raises:
        StoreError: the file is there already.
    """
    if file.exists():
        raise StoreError(f"The file {file} exists already.")
    if portable:
        duckdb.connect(str(file), config={"storage_compatibility_version": PORTABLE}).close()
    with open_copy(file) as connection:
        upgrade(connection, file)


def open_copy(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a ledger that is being made, which needs little memory: its rows come in order."""
    return _connect(file, "512MB", None)


def check_ledger(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a ledger to read it, if this release knows its schema.

    Raises:
        StoreError: it does not, or the file is no ledger.
    """
    if not file.is_file():
        raise StoreError(f"There is no file {file}.")
    connection = _connect(file, "1GB", None, read_only=True)
    try:
        found = known_version(connection, file)
    except duckdb.Error as error:
        connection.close()
        raise _unusable(file, error) from error
    except StoreError:
        connection.close()
        raise
    if found == 0:
        connection.close()
        raise StoreError(f"The file {file} is an empty database, and no ledger.")
    return connection


def is_open(file: Path) -> bool:
    """Whether another process has a ledger open; a damaged file is open in none."""
    try:
        _connect(file, None, None, read_only=True).close()
    except StoreError as error:
        return "open in another process" in str(error)
    return False


def _prepare_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise StoreError(
            f"The data folder {folder} is a file. Set store.path (or SPANLEDGER_STORE__PATH) to a "
            "folder, or to one that can be made."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {folder} cannot be made: {error.strerror}. Set store.path (or "
            "SPANLEDGER_STORE__PATH) to a folder that this user may write."
        ) from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise StoreError(
            f"The data folder {folder} cannot be read and written by this user. Give it to the "
            "user that runs the collector, or set store.path (or SPANLEDGER_STORE__PATH) to "
            "another folder."
        )


def _connect(
    path: Path, memory_limit: str | None, threads: int | None, *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "checkpoint_threshold": CHECKPOINT_THRESHOLD,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    try:
        return duckdb.connect(str(path), read_only=read_only, config=config)
    except duckdb.Error as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: duckdb.Error) -> StoreError:
    said = str(error)
    if "Could not set lock" in said or "already open" in said:
        return StoreError(
            f"The ledger {path} is open in another process, and DuckDB lets only one write. If a "
            "collector is already running, use that one; else find the process with "
            f"`lsof {path}` and stop it, or set store.path to another folder."
        )
    if "No space left" in said:
        return StoreError(
            f"The disk that holds the ledger {path} is full. Free some space: nothing that was "
            "acknowledged is lost."
        )
    if isinstance(error, duckdb.OutOfMemoryException):
        return StoreError(
            f"The ledger {path} cannot be opened with the memory that the database may use. Set "
            "store.memory_limit (or SPANLEDGER_STORE__MEMORY_LIMIT) higher; the default is 2GB. "
            "The file was not touched."
        )
    if "newer version" in said or "version number" in said:
        return StoreError(
            f"The ledger {path} was written by a newer DuckDB than {duckdb.__version__}, which "
            "this installation has. Upgrade SpanLedger (DuckDB 2 needs Python 3.11 or later), or "
            "set store.path to another folder. The file was not touched."
        )
    if isinstance(error, duckdb.PermissionException) or "Permission denied" in said:
        return StoreError(
            f"The ledger {path} cannot be read and written by this user. Give the file to the "
            "user that runs the collector, or set store.path to another folder."
        )
    return StoreError(
        f"The ledger {path} cannot be opened. DuckDB says: {said.splitlines()[0].rstrip('.')}. "
        "If the file is damaged, put a backup in its place; if it is not a ledger, set store.path "
        "to another folder. The file was not touched."
    )


def _lock_down(connection: duckdb.DuckDBPyConnection) -> None:
    """Nothing that runs later may loosen what was set here."""
    connection.execute("set global TimeZone = 'UTC'")
    connection.execute("set lock_configuration = true")
