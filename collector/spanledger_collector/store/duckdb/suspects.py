"""Which reports of a batch may be of the same call as another one; a quick look at columns, no SQL.

It errs on the side of suspicion: who is suspected here is looked at closely elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spanledger_collector import sources

__all__ = ["Row", "Tag", "all_differ", "is_total", "suspects", "tags"]

Row = dict[str, Any]
"""A report's columns by name."""
Tag = tuple[Any, ...]
"""Something that two reports of one call have in common."""


def all_differ(calls: pa.Table) -> bool:
    """Whether no two reports of a batch can be of one call."""
    if _distinct(calls["id_hash"]) < calls.num_rows:
        return False
    nameless = calls.filter(pc.is_null(calls["message_id"]))
    if not nameless.num_rows:
        return True
    if sources.SESSION_TOTALS in nameless["source"].unique().to_pylist():
        return False
    named = calls.filter(pc.is_valid(calls["message_id"]))
    if pc.any(pc.is_in(_known(nameless["request_hash"]), _known(named["request_hash"]))).as_py():
        return False
    bare = _places(nameless.filter(pc.is_null(nameless["request_hash"])))
    if not bare:
        return True
    places = Counter(_places(calls))
    return all(places[place] == 1 for place in bare)


def suspects(rows: Sequence[Row], others: Iterable[Row]) -> list[int]:
    """Say which rows share something with each other or with others."""
    uses: Counter[Tag] = Counter()
    telling: set[Tag] = set()
    for row in (*rows, *others):
        uses.update(tags(row))
        telling.update(_telling(row))
    return [
        index
        for index, row in enumerate(rows)
        if is_total(row) or any(uses[tag] > 1 and tag in telling for tag in tags(row))
    ]


def tags(row: Row) -> Sequence[Tag]:
    """Everything that a report may have in common with another one of the same call.

    They are kept in the row itself: every step asks for them again.
    """
    known: Sequence[Tag] | None = row.get("tags")
    if known is None:
        known = row["tags"] = tuple(_tags(row))
    return known


def is_total(row: Row) -> bool:
    """Whether a report adds up the calls of a session."""
    return bool(row["source"] == sources.SESSION_TOTALS)


def _tags(row: Row) -> Iterator[Tag]:
    yield "id", row["id_hash"]
    if row["request_hash"] is not None:
        yield "request", row["request_hash"]
    yield "place", str(row["trace_id"]), row["input_tokens"], row["output_tokens"]
    if is_total(row) or row["source"] in sources.SESSION_CALLS:
        yield "session", row["session_id"]


def _telling(row: Row) -> Iterator[Tag]:
    """What another report must share with this one to be suspected."""
    for tag in tags(row):
        if (
            tag[0] == "id"
            or (tag[0] == "request" and row["message_id"] is None)
            or (tag[0] == "place" and row["message_id"] is None and row["request_hash"] is None)
            or (tag[0] == "session" and is_total(row))
        ):
            yield tag


def _distinct(column: pa.ChunkedArray) -> int:
    return int(np.unique(np.asarray(column)).size)


def _known(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.drop_null()


def _places(calls: pa.Table) -> list[Tag]:
    columns = (calls[name].to_pylist() for name in ("trace_id", "input_tokens", "output_tokens"))
    return list(zip(*columns, strict=True))
