"""What single runs cost: sessions, traces, and the calls in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, instant, iso
from spanledger_dashboard.settings import Source
from spanledger_dashboard.tree import Step

__all__ = [
    "MOST_STEPS",
    "Listed",
    "Run",
    "Trace",
    "call",
    "reach",
    "reports",
    "sessions",
    "trace",
    "traces",
]

MOST_STEPS = 5_000
MOST_REPORTS = 50
_SESSION_REACH = timedelta(days=7)


class Run(NamedTuple):
    """A session or a trace, summed up."""

    id: str
    service: str | None
    team: str | None
    feature: str | None
    user: str | None
    session: str | None
    models: tuple[str, ...]
    oldest: datetime
    newest: datetime
    elapsed_ns: int
    calls: int
    requests: int
    errors: int
    unpriced: int
    estimated: int
    prompt_tokens: int
    output_tokens: int
    cost_usd: Decimal | None
    traces: int
    cursor: str


class Listed(NamedTuple):
    """Some runs, and whether more come after them."""

    runs: list[Run]
    more: bool


class Trace(NamedTuple):
    """The steps of a trace, and whether it has more than were asked for."""

    steps: list[Step]
    more: bool


def sessions(
    source: Source,
    start: datetime,
    end: datetime | None,
    *,
    sort: str,
    after: str | None,
    limit: int,
    filters: Filters,
) -> Listed:
    """Sessions of a time range, page by page."""
    return _listed(_runs(source, "sessions", iso(start), iso(end), sort, after, limit, filters, ()))


def traces(
    source: Source,
    start: datetime,
    end: datetime | None,
    *,
    sort: str,
    after: str | None = None,
    limit: int,
    filters: Filters = (),
    session: str | None = None,
) -> Listed:
    """Traces of a time range, page by page; only those of a session if one is named."""
    named = () if session is None else (session,)
    return _listed(
        _runs(source, "traces", iso(start), iso(end), sort, after, limit, filters, named)
    )


def reach(at: datetime) -> tuple[datetime, datetime]:
    """Where the rest of a session is looked for, when it is known to have run at a moment."""
    return at - _SESSION_REACH, at + _SESSION_REACH


def trace(source: Source, trace_id: str, near: datetime | None) -> Trace:
    """What happened in a trace."""
    rows = _trace(source, trace_id, iso(near))
    steps = [Step.of(row, _instant(row["start_time"])) for row in rows.to_pylist()]
    return Trace(steps, _truncated(rows))


def call(
    source: Source, trace_id: str, span_id: str, near: datetime | None
) -> dict[str, Any] | None:
    """All that is known about a call; None when the span is no call."""
    rows: list[dict[str, Any]] = _call(source, trace_id, span_id, iso(near)).to_pylist()
    if not rows:
        return None
    times = {name: _instant(rows[0][name]) for name in ("start_time", "received_at")}
    return rows[0] | times


def reports(
    source: Source, trace_id: str, span_id: str, near: datetime | None
) -> list[dict[str, Any]]:
    """Who reported a call; the first is the report that counts."""
    rows: list[dict[str, Any]] = _reports(source, trace_id, span_id, iso(near)).to_pylist()
    return rows


def _listed(rows: pa.Table) -> Listed:
    return Listed([_run(row) for row in rows.to_pylist()], _truncated(rows))


def _run(row: dict[str, Any]) -> Run:
    return Run(
        id=row.get("trace_id") or row["session_id"],
        service=row["service"],
        team=row["team"],
        feature=row["feature"],
        user=row["user_id"],
        session=row["session_id"],
        models=tuple(row["models"]),
        oldest=_instant(row["oldest_time"]),
        newest=_instant(row["newest_time"]),
        elapsed_ns=row["elapsed_ns"],
        calls=row["calls"],
        requests=row["requests"],
        errors=row["errors"],
        unpriced=row["unpriced_calls"],
        estimated=row["estimated_calls"],
        prompt_tokens=row["prompt_tokens"],
        output_tokens=row["output_tokens"],
        cost_usd=row["cost_usd"],
        traces=row.get("traces", 1),
        cursor=row["cursor"],
    )


def _instant(moment: datetime) -> datetime:
    return instant(moment) or moment


def _truncated(rows: pa.Table) -> bool:
    return bool((rows.schema.metadata or {}).get(b"truncated") == b"true")


@st.cache_data(ttl=10, max_entries=128, show_spinner=False)
def _runs(
    source: Source,
    query: str,
    start: str,
    end: str | None,
    sort: str,
    after: str | None,
    limit: int,
    filters: Filters,
    sessions: tuple[str, ...],
) -> pa.Table:
    asked: dict[str, Any] = {**between(start, end), "sort": sort, "limit": limit}
    if after:
        asked["after"] = after
    if sessions:
        asked["session_id"] = list(sessions)
    return ask(source, query, asked | accepted(filters))


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _trace(source: Source, trace_id: str, near: str | None) -> pa.Table:
    asked: dict[str, str | int] = {"trace_id": trace_id, "limit": MOST_STEPS, **_near(near)}
    return ask(source, "trace", asked)


@st.cache_data(ttl=5, max_entries=128, show_spinner=False)
def _call(source: Source, trace_id: str, span_id: str, near: str | None) -> pa.Table:
    return ask(source, "call", {"trace_id": trace_id, "span_id": span_id} | _near(near))


@st.cache_data(ttl=5, max_entries=128, show_spinner=False)
def _reports(source: Source, trace_id: str, span_id: str, near: str | None) -> pa.Table:
    asked: dict[str, str | int] = {"trace_id": trace_id, "span_id": span_id, **_near(near)}
    return ask(source, "call_reports", asked | {"limit": MOST_REPORTS})


def _near(near: str | None) -> dict[str, str]:
    return {} if near is None else {"near": near}
