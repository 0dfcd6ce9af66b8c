"""Questions about speed and failures."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.latency import Failure, Pace, Requests
from spanledger_dashboard.settings import Source

__all__ = ["failures", "paces", "paces_by_step", "requests", "requests_by_step"]

_MOST_ROWS = 5_000


def paces(
    source: Source,
    start: datetime,
    end: datetime | None,
    *,
    group: str = "none",
    filters: Filters = (),
) -> dict[str, Pace]:
    """How long requests took by one dimension; the only name is "" without one."""
    rows = _latency(source, iso(start), iso(end), "UTC", "none", group, filters).to_pylist()
    return {row["group_1"] or "": Pace.of(row) for row in rows}


def paces_by_step(
    source: Source,
    start: datetime,
    end: datetime | None,
    zone: str,
    bucket: str,
    filters: Filters = (),
) -> dict[datetime, Pace]:
    """How long requests took in each step of time."""
    rows = _latency(source, iso(start), iso(end), zone, bucket, "none", filters).to_pylist()
    return {row["bucket"]: Pace.of(row) for row in rows}


def requests(
    source: Source,
    start: datetime,
    end: datetime | None,
    *,
    group: str = "none",
    filters: Filters = (),
) -> dict[str, Requests]:
    """How requests ended by one dimension; the only name is "" without one."""
    rows = _reliability(source, iso(start), iso(end), "UTC", "none", group, filters).to_pylist()
    return {row["group_1"] or "": Requests.of(row) for row in rows}


def requests_by_step(
    source: Source,
    start: datetime,
    end: datetime | None,
    zone: str,
    bucket: str,
    filters: Filters = (),
) -> dict[datetime, Requests]:
    """How requests ended in each step of time."""
    rows = _reliability(source, iso(start), iso(end), zone, bucket, "none", filters).to_pylist()
    return {row["bucket"]: Requests.of(row) for row in rows}


def failures(
    source: Source, start: datetime, end: datetime | None, group: str, filters: Filters = ()
) -> list[Failure]:
    """What went wrong, by class."""
    rows = _errors(source, iso(start), iso(end), group, filters).to_pylist()
    return [Failure.of(row) for row in rows]


@st.cache_data(ttl=10, max_entries=128, show_spinner=False)
def _latency(
    source: Source,
    start: str,
    end: str | None,
    zone: str,
    bucket: str,
    group: str,
    filters: Filters,
) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {
        "tz": zone,
        "bucket": bucket,
        "group_by": group,
        "limit": _MOST_ROWS,
    }
    return ask(source, "latency", {**between(start, end), **asked, **accepted(filters)})


@st.cache_data(ttl=10, max_entries=128, show_spinner=False)
def _reliability(
    source: Source,
    start: str,
    end: str | None,
    zone: str,
    bucket: str,
    group: str,
    filters: Filters,
) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {
        "tz": zone,
        "bucket": bucket,
        "group_by": group,
        "limit": _MOST_ROWS,
    }
    return ask(source, "reliability", {**between(start, end), **asked, **accepted(filters)})


@st.cache_data(ttl=10, max_entries=64, show_spinner=False)
def _errors(source: Source, start: str, end: str | None, group: str, filters: Filters) -> pa.Table:
    asked: dict[str, str | int | list[str]] = {"group_by": group, "limit": 500}
    return ask(source, "errors", {**between(start, end), **asked, **accepted(filters)})
