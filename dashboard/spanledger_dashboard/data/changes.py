"""What changed between two stretches of time, and what the last days cost."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.changes import CAUSES, Change
from spanledger_dashboard.client import Params
from spanledger_dashboard.data.asking import Filters, accepted, ask, between, iso
from spanledger_dashboard.forecast import Day
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["complete_days", "hours", "what_changed"]

MOST_GROUPS = 50


def what_changed(
    source: Source, shown: Window, dimension: str, filters: Filters = ()
) -> list[Change]:
    """The difference to the range before, by one dimension as the query API names it."""
    rows = _what_changed(
        source,
        iso(shown.before_start),
        iso(shown.before_end),
        iso(shown.start),
        iso(shown.end),
        dimension,
        filters,
    ).to_pylist()
    return [
        Change(
            row["group_1"] or "",
            row["rest"],
            row["before_usd"],
            row["after_usd"],
            row["difference_usd"],
            {cause: row[f"{cause}_usd"] for cause in CAUSES},
            row["before_calls"],
            row["after_calls"],
        )
        for row in rows
    ]


def complete_days(
    source: Source, zone: str, begins: datetime | None, filters: Filters = ()
) -> list[Day]:
    """The last complete local days since the ledger began."""
    rows = _daily_spend(source, zone, filters).to_pylist()
    return [
        Day(row["day"], row["cost_usd"] or Decimal(0))
        for row in rows
        if row["complete"] and begins is not None and row["day_start"] >= begins
    ]


def hours(
    source: Source, zone: str, today: datetime, filters: Filters = ()
) -> dict[datetime, Decimal]:
    """What each hour of the four weeks before a local midnight cost, by its local beginning."""
    rows = _hours(source, iso(today - timedelta(weeks=4)), iso(today), zone, filters).to_pylist()
    return {row["bucket"]: row["cost_usd"] or Decimal(0) for row in rows}


@st.cache_data(ttl=10, max_entries=128, show_spinner=False)
def _what_changed(
    source: Source,
    before_start: str,
    before_end: str,
    start: str,
    end: str | None,
    dimension: str,
    filters: Filters,
) -> pa.Table:
    before = {"before_start": before_start, "before_end": before_end, "group_by": dimension}
    asked: Params = {**before, **between(start, end), "limit": MOST_GROUPS, **accepted(filters)}
    return ask(source, "what_changed", asked)


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def _daily_spend(source: Source, zone: str, filters: Filters) -> pa.Table:
    return ask(source, "daily_spend", {"tz": zone, "days": 57, **accepted(filters)})


@st.cache_data(ttl=600, max_entries=16, show_spinner=False)
def _hours(source: Source, start: str, end: str, zone: str, filters: Filters) -> pa.Table:
    asked: Params = {
        **between(start, end),
        "tz": zone,
        "bucket": "hour",
        "measures": ("cost_usd",),
        **accepted(filters),
    }
    return ask(source, "usage", asked)
