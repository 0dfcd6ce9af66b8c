"""Questions about the ledger itself, its reporters and what it refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, instant, iso
from spanledger_dashboard.data.state import health_row
from spanledger_dashboard.findings import Reporter, State
from spanledger_dashboard.settings import Source

__all__ = ["Doubt", "Refused", "doubts", "examples", "refused", "reporters", "state"]

_EXAMPLES = 20


class Doubt(NamedTuple):
    """Why the costs of one source's calls are estimated or unknown."""

    source: str
    cost_reason: str
    cost_status: str
    calls: int
    source_share: float


class Refused(NamedTuple):
    """Spans that were refused for one reason."""

    reason: str
    refused_spans: int
    oldest_time: datetime
    newest_time: datetime
    newest_detail: str


def state(source: Source) -> State:
    """What the collector says of its ledger, at most a second old."""
    row = health_row(source)
    return State(
        calls=row["calls"] or 0,
        spans=row["spans"] or 0,
        first_call=instant(row["first_call_time"]),
        newest_call=instant(row["newest_call_time"]),
        newest_received=instant(row["newest_received_at"]),
        received=row["received_since_start"],
        duplicates=row["duplicates_since_start"],
        refused=row["refused_since_start"],
        quarantined=row["quarantined"],
        quarantined_last_day=row["quarantined_last_day"],
        delivery_lag_s=row["delivery_lag_s"],
        rollup_lag_batches=row["rollup_lag_batches"],
        database_bytes=row["database_bytes"],
        free_bytes=row["free_bytes"],
        calls_keep_days=row["calls_keep_days"],
        spans_keep_days=row["spans_keep_days"],
        alerts_keep_days=row["alerts_keep_days"],
        schema_version=row["schema_version"],
        prices_version=row["prices_version"] or "none",
        collector_version=row["collector_version"],
        ready=row["ready"],
        at=instant(row["generated_at"]) or row["generated_at"],
    )


def reporters(source: Source, start: datetime, end: datetime | None) -> list[Reporter]:
    """Who reports calls."""
    return [
        Reporter(
            row["source"],
            row["counted_calls"],
            row["duplicates"],
            row["duplicate_share"],
            row["matched_by_counts"],
            _float(row["cost_usd"]),
            _float(row["claimed_usd"]),
            _float(row["claim_difference_usd"]),
        )
        for row in _duplicates(source, iso(start), iso(end)).to_pylist()
    ]


def doubts(
    source: Source, start: datetime, end: datetime | None, filters: Filters = ()
) -> list[Doubt]:
    """Why costs are estimated or unknown, by source."""
    rows = _cost_reasons(source, iso(start), iso(end), filters).to_pylist()
    return [Doubt(*(row[name] for name in Doubt._fields)) for row in rows]


def refused(source: Source, start: datetime, end: datetime | None) -> list[Refused]:
    """How many spans were refused, by reason."""
    rows = _quarantine_reasons(source, iso(start), iso(end)).to_pylist()
    return [Refused(*(row[name] for name in Refused._fields)) for row in rows]


def examples(
    source: Source, start: datetime, end: datetime | None, reason: str
) -> list[dict[str, Any]]:
    """The newest spans that were refused for a reason, as they were sent."""
    rows: list[dict[str, Any]] = _quarantine(source, iso(start), iso(end), reason).to_pylist()
    return rows


@st.cache_data(ttl=60, max_entries=16, show_spinner=False)
def _duplicates(source: Source, start: str, end: str | None) -> pa.Table:
    return ask(source, "duplicates", between(start, end))


@st.cache_data(ttl=10, max_entries=32, show_spinner=False)
def _cost_reasons(source: Source, start: str, end: str | None, filters: Filters) -> pa.Table:
    return ask(source, "cost_reasons", {**between(start, end), **accepted(filters)})


@st.cache_data(ttl=5, max_entries=16, show_spinner=False)
def _quarantine_reasons(source: Source, start: str, end: str | None) -> pa.Table:
    return ask(source, "quarantine_reasons", between(start, end))


@st.cache_data(ttl=5, max_entries=16, show_spinner=False)
def _quarantine(source: Source, start: str, end: str | None, reason: str) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {"reason": [reason], "limit": _EXAMPLES}
    return ask(source, "quarantine", {**between(start, end), **asked})


def _float(value: Any) -> float | None:
    return None if value is None else float(value)
