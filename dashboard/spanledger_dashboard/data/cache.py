"""Questions about caching."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.caching import Caching, Miss, Reuse
from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.data.parts import Parts
from spanledger_dashboard.settings import Source

__all__ = ["caching", "misses", "reuses"]

_MOST_ROWS = 5_000


caching = Parts("cache", Caching.of)
"""What caching did."""


def misses(
    source: Source,
    start: datetime,
    end: datetime | None,
    *,
    group: str = "none",
    filters: Filters = (),
) -> list[Miss]:
    """Why the cache was missed, by reported cause."""
    rows = _cache_misses(source, iso(start), iso(end), group, filters).to_pylist()
    return [
        Miss(
            row["cache_miss_reason"],
            row["group_1"] or "",
            row["calls"],
            row["cache_missed_tokens"] or 0,
            row["missed_usd"],
        )
        for row in rows
    ]


def reuses(
    source: Source, start: datetime, end: datetime | None, filters: Filters = ()
) -> list[Reuse]:
    """Prompts that were used again just after their five minutes."""
    rows = _cache_reuse(source, iso(start), iso(end), filters).to_pylist()
    return [
        Reuse(
            row["service"],
            row["feature"] or "(none)",
            row["model"] or "(none)",
            row["reuses"],
            row["late_reuses"],
            row["late_share"],
            row["late_median_gap_s"],
            row["rewritten_tokens"] or 0,
            row["rewritten_usd"],
            row["saved_by_1h_usd"],
        )
        for row in rows
    ]


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _cache_misses(
    source: Source, start: str, end: str | None, group: str, filters: Filters
) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {"group_by": group, "limit": _MOST_ROWS}
    return ask(source, "cache_misses", {**between(start, end), **asked, **accepted(filters)})


@st.cache_data(ttl=30, max_entries=32, show_spinner=False)
def _cache_reuse(source: Source, start: str, end: str | None, filters: Filters) -> pa.Table:
    return ask(source, "cache_reuse", {**between(start, end), **accepted(filters)})
