"""What was spent, on what, when and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.measures import COLUMNS, NOTHING, Totals
from spanledger_dashboard.settings import Source

__all__ = ["Period", "Usage", "dimension_values", "latest_calls", "spend_summary", "usage"]

Group: TypeAlias = tuple[str, ...]
Measures: TypeAlias = tuple[str, ...]

MOST_ROWS = 20_000
_SUMMARISED = (
    *("cost_usd", "calls", "requests", "errors", "unpriced_calls", "estimated_calls"),
    *("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
)
"""What the cards of today and this month show."""
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
        wanted = [(name, "sum") for name in COLUMNS if name in self.rows.column_names]
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


def usage(
    source: Source,
    start: datetime,
    end: datetime | None,
    zone: str,
    *,
    bucket: str = "none",
    groups: Group = (),
    filters: Filters = (),
    measures: Measures = (),
) -> Usage:
    """Measures of a time range; an end of None is now.

    Who needs few of the measures names them, and is answered sooner; all others are 0 then.
    """
    asked = (zone, bucket, groups, filters, measures)
    return Usage(_usage(source, iso(start), iso(end), *asked))


def spend_summary(source: Source, zone: str, filters: Filters = ()) -> dict[str, Period]:
    """Today and this month, and the periods they are compared with."""
    rows = _spend_summary(source, zone, filters).to_pylist()
    return {row["period"]: Period(row["period_end"], Totals.of(row)) for row in rows}


def latest_calls(source: Source, limit: int, filters: Filters = ()) -> list[dict[str, Any]]:
    """The newest calls, newest first."""
    rows: list[dict[str, Any]] = _latest_calls(source, limit, filters).to_pylist()
    return rows


def dimension_values(source: Source, start: datetime, end: datetime | None) -> dict[str, list[str]]:
    """What can be filtered by in a time range, the costliest first."""
    values: dict[str, list[str]] = {}
    for row in _dimension_values(source, iso(start), iso(end)).to_pylist():
        known = values.setdefault(row["dimension"], [])
        if len(known) < MOST_VALUES:
            known.append(row["value"])
    return values


@st.cache_data(ttl=10, max_entries=256, show_spinner=False)
def _usage(
    source: Source,
    start: str,
    end: str | None,
    zone: str,
    bucket: str,
    groups: Group,
    filters: Filters,
    measures: Measures,
) -> pa.Table:
    return ask(
        source,
        "usage",
        {
            **between(start, end),
            "tz": zone,
            "bucket": bucket,
            **dict(zip(("group_by", "group_by_2"), groups, strict=False)),
            "limit": MOST_ROWS,
            "measures": measures,
            **accepted(filters),
        },
    )


@st.cache_data(ttl=2, max_entries=32, show_spinner=False)
def _spend_summary(source: Source, zone: str, filters: Filters) -> pa.Table:
    asked = {"tz": zone, "measures": _SUMMARISED, **accepted(filters)}
    return ask(source, "spend_summary", asked)


@st.cache_data(ttl=0.5, max_entries=32, show_spinner=False)
def _latest_calls(source: Source, limit: int, filters: Filters) -> pa.Table:
    return ask(source, "latest_calls", {"limit": limit, **accepted(filters)})


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def _dimension_values(source: Source, start: str, end: str | None) -> pa.Table:
    return ask(source, "dimension_values", between(start, end))
