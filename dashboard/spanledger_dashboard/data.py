"""Questions to the collector and their typed answers: the only caches of the dashboard.

Every answer is exact as the collector gave it: money is Decimal until it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.client import Client, Params
from spanledger_dashboard.measures import COLUMNS, NOTHING, Totals
from spanledger_dashboard.settings import Source

__all__ = [
    "Filters",
    "Health",
    "Period",
    "Usage",
    "dimension_values",
    "health",
    "latest_calls",
    "prices",
    "spend_summary",
    "unpriced",
    "usage",
]

# What to look at: (dimension, accepted values), hashable so that it keys the caches.
Filters: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
Group: TypeAlias = tuple[str, ...]

MOST_ROWS = 20_000
MOST_VALUES = 500


@dataclass(frozen=True)
class Usage:
    """Measures by bucket and up to two groups."""

    rows: pa.Table

    @property
    def truncated(self) -> bool:
        """The collector had more rows than it was asked for."""
        metadata = self.rows.schema.metadata or {}
        return bool(metadata.get(b"truncated") == b"true")

    def total(self) -> Totals:
        """Everything together."""
        return self.by()[()] if self.rows.num_rows else NOTHING

    def by(self, *columns: str) -> dict[Any, Totals]:
        """Exact sums for each combination of the named columns, the costliest first."""
        wanted = [(name, "sum") for name in COLUMNS]
        summed = self.rows.group_by(list(columns), use_threads=False).aggregate(wanted)
        renamed = summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names])
        pairs = [
            (tuple(row[column] for column in columns), Totals.of(row))
            for row in renamed.to_pylist()
        ]
        return dict(sorted(pairs, key=lambda pair: pair[1].cost_usd, reverse=True))


class Period(NamedTuple):
    """A stretch of time and what happened in it."""

    end: datetime
    totals: Totals


@dataclass(frozen=True)
class Health:
    """What the collector says of itself and of its data."""

    calls: int
    newest_call: datetime | None
    first_call: datetime | None
    quarantined: int


def health(source: Source) -> Health:
    """The state of the ledger, at most a second old."""
    row = _health(source).to_pylist()[0]
    return Health(
        calls=int(row["calls"] or 0),
        newest_call=_instant(row["newest_call_time"]),
        first_call=_instant(row["first_call_time"]),
        quarantined=int(row["quarantined"] or 0),
    )


def usage(
    source: Source,
    start: datetime,
    end: datetime | None,
    zone: str,
    *,
    bucket: str = "none",
    groups: Group = (),
    filters: Filters = (),
) -> Usage:
    """Measures of a time range; an end of None is now."""
    return Usage(_usage(source, _iso(start), _iso(end), zone, bucket, groups, filters))


def spend_summary(source: Source, zone: str, filters: Filters = ()) -> dict[str, Period]:
    """Today and this month, and the periods they are compared with."""
    rows = _spend_summary(source, zone, filters).to_pylist()
    return {row["period"]: Period(row["period_end"], Totals.of(row)) for row in rows}


def latest_calls(source: Source, limit: int, filters: Filters = ()) -> list[dict[str, Any]]:
    """The newest calls, newest first."""
    rows: list[dict[str, Any]] = _latest_calls(source, limit, filters).to_pylist()
    return rows


def prices(source: Source, day: date, platform: str, *, active: bool) -> list[dict[str, Any]]:
    """What each model costs on a day on a platform."""
    rows: list[dict[str, Any]] = _prices(source, day.isoformat(), platform, active).to_pylist()
    return rows


def unpriced(source: Source) -> list[dict[str, Any]]:
    """The models whose calls of the last thirty days have no price, and why."""
    rows: list[dict[str, Any]] = _unpriced(source).to_pylist()
    return rows


def dimension_values(source: Source, start: datetime, end: datetime | None) -> dict[str, list[str]]:
    """What can be filtered by in a time range, the costliest first."""
    values: dict[str, list[str]] = {}
    for row in _dimension_values(source, _iso(start), _iso(end)).to_pylist():
        known = values.setdefault(row["dimension"], [])
        if len(known) < MOST_VALUES:
            known.append(row["value"])
    return values


@st.cache_resource(max_entries=4, show_spinner=False, on_release=Client.close)
def _client(source: Source) -> Client:
    return Client(source)


def _ask(source: Source, query: str, params: Params) -> pa.Table:
    return _client(source).ask(query, params)


@st.cache_data(ttl=1, max_entries=8, show_spinner=False)
def _health(source: Source) -> pa.Table:
    return _ask(source, "health", {})


@st.cache_data(ttl=10, max_entries=256, show_spinner=False)
def _usage(
    source: Source,
    start: str,
    end: str | None,
    zone: str,
    bucket: str,
    groups: Group,
    filters: Filters,
) -> pa.Table:
    return _ask(
        source,
        "usage",
        {
            **_range(start, end),
            "tz": zone,
            "bucket": bucket,
            **dict(zip(("group_by", "group_by_2"), groups, strict=False)),
            "limit": MOST_ROWS,
            **_accepted(filters),
        },
    )


@st.cache_data(ttl=2, max_entries=32, show_spinner=False)
def _spend_summary(source: Source, zone: str, filters: Filters) -> pa.Table:
    return _ask(source, "spend_summary", {"tz": zone, **_accepted(filters)})


@st.cache_data(ttl=0.5, max_entries=32, show_spinner=False)
def _latest_calls(source: Source, limit: int, filters: Filters) -> pa.Table:
    return _ask(source, "latest_calls", {"limit": limit, **_accepted(filters)})


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _prices(source: Source, day: str, platform: str, active: bool) -> pa.Table:
    asked = {"at": f"{day}T00:00:00Z", "platform": platform, "active": "yes" if active else "no"}
    return _ask(source, "prices", asked)


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def _unpriced(source: Source) -> pa.Table:
    return _ask(source, "unpriced", {})


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def _dimension_values(source: Source, start: str, end: str | None) -> pa.Table:
    return _ask(source, "dimension_values", _range(start, end))


def _range(start: str, end: str | None) -> dict[str, str]:
    return {"start": start} if end is None else {"start": start, "end": end}


def _accepted(filters: Filters) -> dict[str, list[str]]:
    return {dimension: list(values) for dimension, values in filters if values}


def _iso(moment: datetime | None) -> Any:
    return None if moment is None else moment.astimezone(timezone.utc).isoformat()


def _instant(moment: datetime | None) -> datetime | None:
    """Timestamps without a zone are UTC by the API's contract."""
    if moment is None or moment.tzinfo:
        return moment
    return moment.replace(tzinfo=timezone.utc)
