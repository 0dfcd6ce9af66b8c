"""Enter reported calls so that each counts once, whoever else reports it, before or after.

A report that shares nothing with any other is inserted at once. For the rest, all reports that may
be of the same calls are fetched and judged together, and those judged otherwise before are moved.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from spanledger_collector.store.duckdb.finding import SAID, Finder, Place
from spanledger_collector.store.duckdb.moving import Change, Mover
from spanledger_collector.store.duckdb.rollups import Rollups
from spanledger_collector.store.duckdb.statements import Statements
from spanledger_collector.store.duckdb.suspects import Row, all_differ, is_total, suspects, tags
from spanledger_collector.store.matching import judge
from spanledger_collector.store.reports import FACTS, Report, Verdict

__all__ = ["Counted", "Counting"]

MOST_REPORTS: Final = 1000
"""Reports kept of one call: a sender that gives all its calls one id must not stop the ledger."""

_log = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1)
_US = timedelta(microseconds=1)


class Counted(NamedTuple):
    """What became of incoming reports."""

    calls: int
    """Those that count."""
    kept: int
    """Those that are kept beside a call that counts."""
    superseded: int
    """Calls that counted before and are now kept beside a better report."""


class Counting:
    """Counts calls once in one database; whoever calls it has a transaction open.

    Args:
        statements: runs the statements.
        rollups: the sums, which follow when a call is replaced.
    """

    def __init__(self, statements: Statements, rollups: Rollups) -> None:
        self._statements = statements
        self._finder = Finder(statements)
        self._mover = Mover(statements, rollups)

    def enter(self, calls: pa.Table, batch_id: int, received_at: datetime) -> Counted:
        """Enter reports, in the columns of `CallRow`."""
        if not calls.num_rows:
            return Counted(0, 0, 0)
        calls = self._hashed(calls)
        delivered = self._finder.delivered(calls)
        if delivered is None and all_differ(calls):
            return Counted(self._insert(calls, batch_id, received_at), 0, 0)
        if delivered is not None:
            calls = calls.filter(~delivered)
        found = self._finder.find(calls) if delivered is not None and calls.num_rows else {}
        rows: list[Row] = calls.select(SAID).to_pylist()
        suspected = suspects(rows, found.values())
        plain = np.ones(len(rows), np.bool_)
        plain[suspected] = False
        inserted = self._insert(calls.filter(plain), batch_id, received_at)
        fresh = _fresh({index: rows[index] for index in suspected}, found)
        changes = self._judge(fresh, found)
        entered = self._mover.enter(calls, changes.entering, batch_id, received_at)
        superseded = self._mover.move(changes.stored, batch_id)
        return Counted(inserted + entered, len(fresh) - entered, superseded)

    def _hashed(self, calls: pa.Table) -> pa.Table:
        with self._statements.given(incoming=calls):
            hashes = self._statements.table("hash_incoming")
        for name in hashes.column_names:
            calls = calls.append_column(name, hashes[name])
        return calls

    def _insert(self, calls: pa.Table, batch_id: int, received_at: datetime) -> int:
        if not calls.num_rows:
            return 0
        with self._statements.given(incoming=calls):
            return self._statements.count(
                "insert_calls", batch_id=batch_id, received_at=received_at
            )

    def _judge(self, fresh: Mapping[int, Row], found: Mapping[Place, Row]) -> _Changes:
        """Judge fresh reports together with all that may be of the same calls."""
        if not fresh:
            return _Changes({}, {})
        shared = {tag for row in fresh.values() for tag in tags(row)}
        stored = self._finder.related(
            {place: row for place, row in found.items() if not shared.isdisjoint(tags(row))}
        )
        rows = [*fresh.values(), *stored.values()]
        totals = [row for row in rows if is_total(row)]
        witnesses = self._finder.witnesses(totals) if totals else []
        verdicts = judge([_report(row) for row in rows], witnesses)
        entering = dict(zip(fresh, verdicts, strict=False))
        decided = zip(stored.items(), verdicts[len(fresh) :], strict=True)
        return _Changes(
            entering,
            {
                place: Change(row, verdict)
                for (place, row), verdict in decided
                if _differs(place, row, verdict)
            },
        )


class _Changes(NamedTuple):
    """What to do about incoming reports, by index, and about stored ones."""

    entering: dict[int, Verdict]
    stored: dict[Place, Change]


def _fresh(suspected: Mapping[int, Row], found: Mapping[Place, Row]) -> dict[int, Row]:
    """Leave out what is in the batch twice, and what there are too many of."""
    uses = Counter(tag for row in found.values() for tag in _names(row))
    fresh: dict[int, Row] = {}
    seen: set[tuple[object, ...]] = set()
    for index, row in suspected.items():
        identity = (row["source"], row["call_key"], row["trace_id"], row["span_id"])
        if identity not in seen and all(uses[tag] < MOST_REPORTS for tag in _names(row)):
            fresh[index] = row
        seen.add(identity)
    if len(fresh) < len(seen):
        _log.warning(
            "%d reports of calls reported without end were not kept", len(seen) - len(fresh)
        )
    return fresh


def _names(row: Row) -> Sequence[tuple[object, ...]]:
    return [tag for tag in tags(row) if tag[0] in {"id", "request"}]


def _differs(place: Place, row: Row, verdict: Verdict) -> bool:
    """Whether a stored report is judged otherwise than before."""
    if verdict.counts == place.is_kept:
        return True
    if place.is_kept:
        return (row["counted_key"], row["matched_by"]) != (verdict.counted_key, verdict.matched_by)
    stood = (*(row[name] for name in FACTS), row["filled"])
    return stood != (*verdict.facts, verdict.filled)


def _report(row: Row) -> Report:
    filled = (row.get("filled") or "").split(",")
    names = (row["model"], row["response_model"], row["request_model"])
    return Report(
        source=row["source"],
        call_key=row["call_key"],
        trace_id=str(row["trace_id"]),
        span_id=row["span_id"],
        parent_span_id=row["parent_span_id"],
        start_us=(row["start_time"] - _EPOCH) // _US,
        duration_ns=row["duration_ns"],
        models=frozenset(name for name in names if name is not None),
        tokens=(
            row["input_tokens"],
            row["cache_read_tokens"],
            row["cache_write_5m_tokens"] + row["cache_write_1h_tokens"],
            row["output_tokens"],
        ),
        usage_known=row["usage_known"],
        usage_complete=row["usage_complete"],
        message_id=row["message_id"],
        request_id=row["request_id"],
        facts=tuple(None if name in filled else row[name] for name in FACTS),
    )
