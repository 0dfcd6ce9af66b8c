"""Read the rows of a query as a stream, of any length in little memory; as they are or as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
import pyarrow as pa

from spanledger_collector.store.duckdb.reading import Readers
from spanledger_collector.store.errors import NoSuchColumn, StoreUnavailable

__all__ = ["export"]

BATCH_ROWS = 20_000
_FORMULA_START = "^[=+\\-@\\t\\r\\n]"
"""What makes a spreadsheet take a text for a formula; an apostrophe in front prevents it."""


def export(
    readers: Readers,
    sql: str,
    parameters: Mapping[str, object],
    columns: Sequence[str],
    *,
    as_text: bool,
) -> Iterator[pa.RecordBatch]:
    """Run a query and yield its rows, in batches of which there is at least one.

    Args:
        readers: lends a cursor.
        sql: the query.
        parameters: what it binds.
        columns: those of its columns that are wanted, all when there are none.
        as_text: every cell as the text that stands in a CSV file.

    Raises:
        NoSuchColumn: the query has no such column.
        StoreUnavailable: the database does not answer, or no longer.
    """
    with readers.cursor() as cursor:
        try:
            cursor.begin()
            relation = cursor.sql(sql, params=dict(parameters))
            kinds = dict(zip(relation.columns, map(str, relation.types), strict=True))
            wanted = [*columns] or relation.columns
            for name in wanted:
                if name not in kinds:
                    raise NoSuchColumn(name, relation.columns)
            relation = relation.select(
                *(
                    duckdb.SQLExpression(_expression(name, kinds[name] if as_text else ""))
                    for name in wanted
                )
            )
            reader = relation.to_arrow_reader(BATCH_ROWS)
            yield pa.RecordBatch.from_pylist([], reader.schema)
            yield from reader
        except duckdb.Error as error:
            raise StoreUnavailable(f"The ledger cannot be read: {error}") from error


def _expression(name: str, kind: str) -> str:
    """A column, as the text of a CSV cell where its type needs it; both come from the schema."""
    if kind in {"VARCHAR", "JSON"}:
        text = f"if(regexp_matches({name}, '{_FORMULA_START}'), '''' || {name}, {name})"
    elif kind.startswith("DECIMAL"):
        text = f"cast({name} as varchar)"  # exact, and never with an exponent
    elif kind == "TIMESTAMP WITH TIME ZONE":
        text = f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%fZ')"
    elif kind.endswith("[]"):
        text = f"array_to_string({name}, ' ')"
    elif kind.startswith("MAP"):
        text = f"cast(to_json({name}) as varchar)"
    else:
        text = name
    return f"{text} as {name}"
