"""The store's SQL as a lake takes it; pure text, knows no database.

Statements are written for a DuckDB file. In the lake, ids are text and wide integers decimals, so
that every reader of Parquet knows them, and nothing is worked out by the table itself. Views of the
tables' own names give all that back to whoever reads; what writes has to name the table instead.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

__all__ = ["LAKE", "Column", "create_table", "create_view", "translated"]

LAKE: Final = "lake"
"""The name by which the lake is attached."""
_IDS: Final = ("span_id", "parent_span_id")
_WITH_IDS: Final = {
    "calls": ("trace_id", *_IDS),
    "call_reports": ("trace_id", *_IDS),
    "spans": ("trace_id", *_IDS),
}
_BY_ROW_ID: Final = ("calls", "call_reports")
"""Tables whose rows are known by number; the views of others show what a file's tables do."""
_HEX: Final = {
    "trace_id": "replace(cast(trace_id as varchar), '-', '')",
    "span_id": "printf('%016x', span_id)",
    "parent_span_id": "if(parent_span_id is null, null, printf('%016x', parent_span_id))",
}
_WRITES = re.compile(r"^(insert into|delete from|update) (?!lake\.)(\w+)", re.MULTILINE)
_INSERTS = re.compile(r"^insert into (\w+) by name\s+(.*)", re.MULTILINE | re.DOTALL)
_UPSERTS = re.compile(
    r"^insert or (replace|ignore) into (\w+)( by name)?\s+(.*)", re.MULTILINE | re.DOTALL
)
_KEYS: Final = {"alerts": "alert_id", "alert_outbox": "send_id", "watched_hours": "hour"}
"""What tells rows apart where a file has a primary key."""
_NUMBERED = re.compile(r"(rowid as \w+, \*)( exclude \()?")
_REPORTS = re.compile(r"from (\w+_between\(\$first, \$last\))")
_ONCE: Final = (
    "with reports as materialized (select is_kept, row_number, id_hash, request_hash, message_id,"
    " trace_id, input_tokens, output_tokens from {}),"
)
_KEY: Final = "coalesce(calls.own_key, calls.message_id, calls.request_id)"


class Column(NamedTuple):
    """A column of a table in a DuckDB file."""

    name: str
    kind: str
    nullable: bool
    formula: str | None
    """What works it out where it is not stored."""


@cache
def translated(sql: str) -> str:
    """Write a statement for the lake."""
    sql = _read_once(_NUMBERED.sub(_without_row_id, sql))
    upserts = _UPSERTS.search(sql)
    if upserts:
        return _merge(*upserts.groups())
    inserts = _INSERTS.search(sql)
    if inserts and inserts[1] in _WITH_IDS:
        hexed = ", ".join(f"{_HEX[name]} as {name}" for name in _WITH_IDS[inserts[1]])
        rows = f"select * replace ({hexed}) from ({inserts[2]})"
        return f"insert into {LAKE}.{inserts[1]} by name {rows}"
    writes = _WRITES.search(sql)
    if writes is None:
        return sql
    if writes[1] == "update" and writes[2] == "calls":
        sql = sql.replace("calls.call_key", _KEY)
    return _WRITES.sub(rf"\1 {LAKE}.\2", sql, count=1)


def create_table(name: str, columns: list[Column]) -> str:
    """Write the statement that makes a table like one of a DuckDB file."""
    stored = [column for column in columns if column.formula is None]
    return f"create table {LAKE}.{name} ({', '.join(map(column_of, stored))})"


def column_of(column: Column) -> str:
    """Write a column's definition in the lake."""
    return f"{column.name} {_stored_as(column)}{'' if column.nullable else ' not null'}"


def create_view(name: str, columns: list[Column]) -> str:
    """Write the statement that shows a table of the lake as that of a DuckDB file."""
    shown = [f"{_shown(column)} as {column.name}" for column in columns]
    if name in _BY_ROW_ID:
        shown.insert(0, "rowid as rowid")
    return f"create or replace view {name} as select {', '.join(shown)} from {LAKE}.{name}"


def _merge(how: str, table: str, by_name: str | None, rows: str) -> str:
    """Replace or leave out rows by their key."""
    key = _KEYS[table]
    new = f"({rows}) as new" if by_name else f"({rows}) as new ({key})"
    matched = "when matched then update by name " if how == "replace" else ""
    return (
        f"merge into {LAKE}.{table} using {new} using ({key})"
        f" {matched}when not matched then insert{by_name or ''}"
    )


def _read_once(sql: str) -> str:
    """Have a lookup in parts read the reports once: each read asks the catalog a dozen questions.

    A pass over few calls took six times as long before.
    """
    reads = _REPORTS.findall(sql)
    if len(reads) < 3:
        return sql
    sql = _REPORTS.sub("from reports", sql)
    return re.sub("^with", _ONCE.format(reads[0]), sql, flags=re.MULTILINE)


def _without_row_id(match: re.Match[str]) -> str:
    return f"{match[1]} exclude (rowid, " if match[2] else f"{match[1]} exclude (rowid)"


def _stored_as(column: Column) -> str:
    if column.kind == "UUID" or column.name in _IDS:
        return "VARCHAR"
    return "DECIMAL(38,0)" if column.kind == "HUGEINT" else column.kind


def _shown(column: Column) -> str:
    if column.formula is not None:
        return column.formula
    if column.name in _IDS:
        return f"cast('0x' || {column.name} as ubigint)"
    if column.kind in {"UUID", "HUGEINT"}:
        return f"cast({column.name} as {column.kind})"
    return column.name
