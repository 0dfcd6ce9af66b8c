"""Open a lake: extensions, catalog, tables and views; or say in a paragraph why it cannot be."""

from __future__ import annotations

import importlib
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import duckdb
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from spanledger._version import __version__
from spanledger_collector.store import sql_files
from spanledger_collector.store.errors import StoreError
from spanledger_collector.store.lake.dialect import (
    LAKE,
    Column,
    column_of,
    create_table,
    create_view,
    translated,
)
from spanledger_collector.store.lake.election import OPENING, Session
from spanledger_collector.store.lake.place import PREFIX, LakePlace

__all__ = ["SCHEMA_VERSION", "open_lake", "stored_columns"]

SCHEMA_VERSION: Final = max(sql_files.schema())
EXTENSIONS: Final = ("ducklake", "postgres_scanner", "httpfs")
CATALOG_SCHEMA: Final = "spanledger_lake"
BOOKKEEPING: Final = {
    "settled": "select cast(0 as bigint) as batch_id, cast('' as varchar) as inbox_ids"
}
"""Tables that a lake has and a file has not: the last pass, and which arrivals it took in."""
_NOT_IN_LAKE: Final = ("applied_macros",)

Tables = dict[str, list[Column]]


def open_lake(
    place: LakePlace, memory_limit: str | None, threads: int | None
) -> duckdb.DuckDBPyConnection:
    """Open a lake, making or extending its tables where they are missing.

    Raises:
        StoreError: an extension, the catalog or the files cannot be had, or are not ours.
    """
    connection = _database(memory_limit, threads)
    try:
        for name in EXTENSIONS:
            _load(connection, name, place.extension_repository)
        tables = _tables_of_a_file()
        # Attached in turn: DuckLake's own tables cannot be made by two at once.
        with Session(place.connection) as session, session.turn(OPENING):
            _reach_files(connection, place)
            if not _there_already(session):
                _check_nobody_elses(connection, place)
            _attach(connection, place)
            _make_tables(connection, tables)
        for name, columns in tables.items():
            connection.execute(create_view(name, columns))
        for macro in sql_files.macros():
            connection.execute(translated(macro))
    except (duckdb.Error, psycopg.Error) as error:
        connection.close()
        raise _unusable(place, error) from error
    except StoreError:
        connection.close()
        raise
    return connection


def stored_columns() -> dict[str, list[str]]:
    """Which tables a ledger of this release has, and which of their columns are stored."""
    return {
        name: [column.name for column in columns if column.formula is None]
        for name, columns in _tables_of_a_file().items()
    }


def _database(memory_limit: str | None, threads: int | None) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if memory_limit is not None:
        config["memory_limit"] = memory_limit
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("set global TimeZone = 'UTC'")
    return connection


def _load(connection: duckdb.DuckDBPyConnection, name: str, repository: str | None) -> None:
    """Load an extension from its wheel, else from a repository, by default DuckDB's own."""
    try:
        wheel = importlib.import_module(f"duckdb_extension_{name}")
        file = next(Path(wheel.__path__[0]).rglob("*.duckdb_extension"))
        connection.execute(f"load {_text(str(file))}")
    except (ImportError, StopIteration, duckdb.Error) as wheel_error:
        try:
            connection.install_extension(name, repository_url=repository)
            connection.load_extension(name)
        except duckdb.Error as error:
            raise StoreError(
                f"DuckDB {duckdb.__version__} cannot load its extension {name}: there is no wheel "
                f"that fits ({str(wheel_error).splitlines()[0]}), and it cannot be downloaded "
                f"({str(error).splitlines()[0]}). Install `spanledger[lake]` in an environment of "
                "its own: it pins the DuckDB that has these wheels. Where none fits, name a mirror "
                "of DuckDB's server by store.extension_repository."
            ) from error


def _reach_files(connection: duckdb.DuckDBPyConnection, place: LakePlace) -> None:
    if place.is_s3:
        connection.execute(_secret(place))
    else:
        Path(place.data_path).mkdir(parents=True, exist_ok=True)


def _there_already(session: Session) -> bool:
    """Whether the catalog knows of a lake."""
    table = f"{CATALOG_SCHEMA}.ducklake_metadata"
    row = session.connection.execute("select to_regclass(%s)", (table,)).fetchone()
    return row is not None and row[0] is not None


def _check_nobody_elses(connection: duckdb.DuckDBPyConnection, place: LakePlace) -> None:
    """Refuse a new lake in a place with files: what is not its own it would sweep away."""
    pattern = _files(place) + "**/*.parquet"
    found = connection.execute("select file from glob($pattern) limit 1", {"pattern": pattern})
    if row := found.fetchone():
        raise StoreError(
            f"The catalog knows of no lake yet, but there are files in {place.data_path}, such as "
            f"{row[0]}. They may be another lake's, or somebody else's, and a lake deletes what is "
            "not its own. Name a store.data_path for this lake alone, or store.catalog as it was "
            "when these files were written. Nothing was changed."
        )


def _attach(connection: duckdb.DuckDBPyConnection, place: LakePlace) -> None:
    catalog = conninfo_to_dict(place.connection)
    options = [f"data_path {_text(_files(place))}", f"metadata_schema {_text(CATALOG_SCHEMA)}"]
    if password := catalog.pop("password", None):  # apart: DuckDB's messages repeat the rest
        connection.execute(
            f"create secret lake_catalog (type postgres, password {_text(str(password))})"
        )
        options.append("meta_secret 'lake_catalog'")
    connection.execute(
        f"attach {_text(PREFIX + make_conninfo('', **catalog))} as {LAKE} ({', '.join(options)})"
    )
    connection.execute(f"call {LAKE}.set_option('parquet_compression', 'zstd')")


def _files(place: LakePlace) -> str:
    path = place.data_path if place.is_s3 else str(Path(place.data_path).absolute())
    return path.rstrip("/") + "/"


def _secret(place: LakePlace) -> str:
    """Write the statement that says how S3 is reached."""
    facts = {
        "key_id": place.s3_key_id,
        "secret": place.s3_secret,
        "region": place.s3_region,
    }
    given = [f"{name} {_text(value)}" for name, value in facts.items() if value]
    if place.s3_endpoint:
        scheme, _, host = place.s3_endpoint.rpartition("://")
        given += [f"endpoint {_text(host)}", "url_style 'path'"]
        given.append(f"use_ssl {'false' if scheme == 'http' else 'true'}")
    return f"create or replace secret lake_files ({', '.join(['type s3', *given])})"


def _tables_of_a_file() -> Tables:
    """What tables this release makes in a DuckDB file, read off an empty one."""
    with duckdb.connect(":memory:") as file:
        file.execute("set TimeZone = 'UTC'")
        file.execute(sql_files.statement("create_schema_version"))
        for statements in sql_files.schema().values():
            for statement in statements:
                file.execute(statement)
        tables: Tables = defaultdict(list)
        for table, *column in file.execute(_COLUMNS).fetchall():
            tables[table].append(Column(*column))
    for table in _NOT_IN_LAKE:
        del tables[table]
    return dict(tables)


_COLUMNS: Final = """
    select table_name, column_name, data_type, is_nullable, column_default
    from duckdb_columns()
    where not internal
    order by table_name, column_index
"""


def _make_tables(connection: duckdb.DuckDBPyConnection, tables: Tables) -> None:
    """Make what is missing, in one transaction; a lake of a newer release is refused."""
    there: dict[str, set[str]] = defaultdict(set)
    for table, column in connection.execute(_THERE).fetchall():
        there[table].add(column)
    found = _version(connection) if "schema_version" in there else 0
    if found > SCHEMA_VERSION:
        raise StoreError(
            f"The lake has schema version {found}, and this release of SpanLedger ({__version__}) "
            f"knows versions up to {SCHEMA_VERSION}: a newer release made it. Upgrade this one."
        )
    if found == SCHEMA_VERSION:
        return
    connection.begin()
    for statement in _missing(tables, there):
        connection.execute(statement)
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    connection.execute(
        translated(sql_files.statement("record_schema_version")),
        {"version": SCHEMA_VERSION, "applied_at": now, "release": __version__},
    )
    connection.commit()


_THERE: Final = f"""
    select table_name, column_name
    from duckdb_columns()
    where database_name = '{LAKE}'
"""


def _missing(tables: Tables, there: dict[str, set[str]]) -> Iterator[str]:
    for name, columns in tables.items():
        if name not in there:
            yield create_table(name, columns)
            if name in _FIRST_ROWS:
                yield f"insert into {LAKE}.{name} {_FIRST_ROWS[name]}"
            continue
        # Stored until now, worked out from now on: what old rows hold is what they own.
        kept = [column.name for column in columns if column.formula and column.name in there[name]]
        for column_name in kept:
            yield f"alter table {LAKE}.{name} rename column {column_name} to own_{column_name}"
        known = {*there[name], *(f"own_{column_name}" for column_name in kept)}
        for column in columns:
            if column.formula is None and column.name not in known:
                yield f"alter table {LAKE}.{name} add column {column_of(column)}"
    for name, select in BOOKKEEPING.items():
        if name not in there:
            yield f"create table {LAKE}.{name} as {select}"


_FIRST_ROWS: Final = {
    "heartbeat": "select null",
    "rollup_watermark": "select 0",
    "counted_until": (
        "select date_trunc('hour', now() at time zone 'UTC'),"
        " date_trunc('day', now() at time zone 'UTC')"
    ),
    "kept_from": "select timestamp '1970-01-01'",
}


def _version(connection: duckdb.DuckDBPyConnection) -> int:
    [[version]] = connection.execute(f"select max(version) from {LAKE}.schema_version").fetchall()
    return int(version or 0)


def _unusable(place: LakePlace, error: Exception) -> StoreError:
    said = str(error).splitlines()[0].rstrip(".")
    return StoreError(
        f"The lake with files in {place.data_path} cannot be opened: {said}. Check that "
        "store.catalog reaches PostgreSQL with a user that may create schemas, and store.data_path "
        "the folder or bucket (store.s3_endpoint, store.s3_key_id, store.s3_secret). Nothing was "
        "changed."
    )


def _text(value: str) -> str:
    """A value as SQL text: ATTACH, LOAD and CREATE SECRET bind no parameters."""
    return "'" + value.replace("'", "''") + "'"
