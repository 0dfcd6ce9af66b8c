"""Find the stored reports that may be of the same calls as some others; decides nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spanledger_collector import sources
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.duckdb.suspects import Row
from spanledger_collector.store.duckdb.windows import Window, windows

__all__ = ["SAID", "Finder", "Place"]

SAID: Final = (
    "source",
    "call_key",
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time",
    "duration_ns",
    "model",
    "response_model",
    "request_model",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "usage_known",
    "usage_complete",
    "message_id",
    "request_id",
    "team",
    "feature",
    "user_id",
    "session_id",
    "id_hash",
    "request_hash",
)
"""The columns that tell which call a report is of, and how much it knows."""
_SESSIONS: Final[dict[str, object]] = {
    "calls": list(sources.SESSION_CALLS),
    "totals": sources.SESSION_TOTALS,
}


class Place(NamedTuple):
    """Where a report is stored: in `calls`, or kept in `call_reports`."""

    is_kept: bool
    row_number: int


class Finder:
    """Looks reports up in one database.

    Args:
        statements: runs the lookups.
    """

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def find(self, wanted: pa.Table, known: Collection[Place] = ()) -> dict[Place, Row]:
        """Find what may be of the same calls as the wanted reports, but for what is known."""
        found: dict[Place, Row] = {}
        for window in windows(wanted.select(_SCHEMA.names)):
            places = self._places(window).difference(known, found)
            if places:
                with self._statements.given(found=_columns(places)):
                    facts = self._statements.table("facts_of_found", **window.bounds)
                for row in facts.to_pylist():
                    found[Place(row["is_kept"], row["row_number"])] = row
        return found

    def delivered(self, calls: pa.Table) -> npt.NDArray[np.bool_] | None:
        """Find which incoming reports are stored already, as such; None if nothing is near any."""
        mask = None
        numbered = calls.append_column("n", pa.array(np.arange(calls.num_rows)))
        for window in windows(numbered.select([*_SCHEMA.names, "span_id", "n"])):
            places = self._places(window)
            if places:
                mask = np.zeros(calls.num_rows, np.bool_) if mask is None else mask
                with self._statements.given(found=_columns(places), wanted=window.rows):
                    rows = self._statements.table("find_delivered", **window.bounds)
                mask[np.asarray(rows["n"])] = True
        return mask

    def related(self, found: Mapping[Place, Row]) -> dict[Place, Row]:
        """Find also what may be of the same calls as what was found, and so on."""
        all_of_them = dict(found)
        newest = all_of_them
        while newest:
            newest = self.find(_wanted(list(newest.values())), all_of_them)
            all_of_them |= newest
        return all_of_them

    def witnesses(self, totals: Sequence[Row]) -> list[tuple[str, int]]:
        """Find the sessions of totals whose calls are reported one by one, and when."""
        seen: list[tuple[str, int]] = []
        for window in windows(_wanted(totals)):
            with self._statements.given(wanted=window.rows):
                seen += self._statements.rows("find_witnesses", **window.bounds, **_SESSIONS)
        return seen

    def _places(self, window: Window) -> set[Place]:
        wanted = window.rows
        names: dict[str, dict[str, object]] = {"find_by_id": {}}
        nameless = wanted.filter(pc.is_null(wanted["message_id"]))
        if nameless["request_hash"].null_count < nameless.num_rows:
            names["find_by_request"] = {}
        if nameless["request_hash"].null_count:
            names["find_by_place"] = {}
        if not set(wanted["source"].unique().to_pylist()).isdisjoint(sources.SESSION_CALLS):
            names["find_totals"] = _SESSIONS
        with self._statements.given(wanted=wanted):
            return {
                Place(*row)
                for name, more in names.items()
                for row in self._statements.rows(name, **window.bounds, **more)
            }


def _columns(places: Iterable[Place]) -> pa.Table:
    is_kept, row_number = map(list, zip(*places, strict=True))
    return pa.table({"is_kept": is_kept, "row_number": row_number})


def _wanted(rows: Sequence[Row]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in _SCHEMA.names}
    columns["trace_id"] = [str(trace_id) for trace_id in columns["trace_id"]]
    return pa.table(columns, _SCHEMA)


_SCHEMA = pa.schema(
    {
        "start_time": pa.timestamp("us"),
        "id_hash": pa.uint64(),
        "request_hash": pa.uint32(),
        "message_id": pa.string(),
        "trace_id": pa.string(),
        "input_tokens": pa.int64(),
        "output_tokens": pa.int64(),
        "source": pa.string(),
        "session_id": pa.string(),
    }
)
