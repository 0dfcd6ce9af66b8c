"""What the columns of answers hold: one name, one type, one meaning in all queries; pure.

The table is `columns.txt`, so that it reads as the glossary that it is.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

__all__ = ["MEASURES", "TYPES", "Column", "column", "glossary"]

TYPES = {
    "instant": "ISO 8601 in UTC, with a Z; Arrow `timestamp[us, tz=UTC]`",
    "local": "ISO 8601 local to `tz`, without an offset; Arrow `timestamp[us]`",
    "date": "a day such as 2026-11-20",
    "money": "US dollars, exact: text in JSON and CSV, Arrow `decimal128`",
    "count": "integer",
    "number": "floating point",
    "flag": "true or false",
    "text": "text",
    "texts": "a list of texts; in CSV joined by spaces",
    "json": "text that is a JSON document",
}
MEASURES = (
    "cost_usd",
    "input_usd",
    "output_usd",
    "cache_read_usd",
    "cache_write_usd",
    "web_search_usd",
    "list_usd",
    "calls",
    "requests",
    "errors",
    "unpriced_calls",
    "estimated_calls",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "thinking_tokens",
    "web_search_requests",
    "retries",
    "duration_ns",
)
"""The columns that `-- @measures` in a header stands for."""

_LINE = re.compile(r"(\w+) (\w+)(\?)?: (.+)")


class Column(NamedTuple):
    """One column of an answer."""

    name: str
    kind: str
    """A key of `TYPES`."""
    nullable: bool
    meaning: str


@cache
def glossary() -> dict[str, Column]:
    """Read what every column's name means.

    Raises:
        ValueError: a line is not `name type: meaning`, with a ? behind a type that may be missing.
    """
    text = files("spanledger_collector.query").joinpath("columns.txt").read_text(encoding="utf-8")
    return {column.name: column for column in map(_column, text.splitlines())}


def column(name: str) -> Column:
    """Look a column up.

    Raises:
        ValueError: the glossary does not have it.
    """
    if name not in glossary():
        raise ValueError(f"query/columns.txt does not say what the column {name!r} means")
    return glossary()[name]


def _column(line: str) -> Column:
    match = _LINE.fullmatch(line)
    if match is None or match[2] not in TYPES:
        raise ValueError(f"query/columns.txt: this line is not `name type: meaning`: {line}")
    return Column(match[1], match[2], match[3] is not None, match[4])
