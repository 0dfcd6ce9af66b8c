"""Questions about rate limits."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.limits import Limit, Refusals, Use
from spanledger_dashboard.settings import Source

__all__ = ["PRESENT_MINUTES", "limits", "limits_by_step", "refusals", "uses"]

PRESENT_MINUTES = 15


def limits(
    source: Source, start: datetime, end: datetime | None, filters: Filters = ()
) -> list[Limit]:
    """What was left of each limit."""
    rows = _headroom(source, iso(start), iso(end), "UTC", "none", filters).to_pylist()
    return [Limit(*(row[name] for name in Limit._fields)) for row in rows]


def limits_by_step(
    source: Source,
    start: datetime,
    end: datetime | None,
    zone: str,
    bucket: str,
    filters: Filters = (),
) -> list[tuple[datetime, Limit]]:
    """What was left of each limit in each step of time."""
    rows = _headroom(source, iso(start), iso(end), zone, bucket, filters).to_pylist()
    return [(row["bucket"], Limit(*(row[name] for name in Limit._fields))) for row in rows]


def uses(source: Source, filters: Filters = ()) -> list[Use]:
    """How fast each limit is used at present."""
    rows = _pace(source, filters).to_pylist()
    return [Use(*(row[name] for name in Use._fields)) for row in rows]


def refusals(
    source: Source, start: datetime, end: datetime | None, filters: Filters = ()
) -> list[Refusals]:
    """Requests that were answered with 429."""
    rows = _rate_limited(source, iso(start), iso(end), filters).to_pylist()
    return [Refusals(*(row[name] for name in Refusals._fields)) for row in rows]


@st.cache_data(ttl=60, max_entries=64, show_spinner=False)
def _headroom(
    source: Source, start: str, end: str | None, zone: str, bucket: str, filters: Filters
) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {"tz": zone, "bucket": bucket}
    return ask(source, "headroom", {**between(start, end), **asked, **accepted(filters)})


@st.cache_data(ttl=5, max_entries=32, show_spinner=False)
def _pace(source: Source, filters: Filters) -> pa.Table:
    return ask(source, "pace", {"minutes": PRESENT_MINUTES, **accepted(filters)})


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _rate_limited(source: Source, start: str, end: str | None, filters: Filters) -> pa.Table:
    return ask(source, "rate_limited", {**between(start, end), **accepted(filters)})
