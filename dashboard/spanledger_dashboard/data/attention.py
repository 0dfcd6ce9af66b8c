"""What wants to be looked at now: alerts that are open, and budgets."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.data.asking import ask, instant
from spanledger_dashboard.problems import AccessDenied, BadQuery
from spanledger_dashboard.settings import Source

__all__ = ["Firing", "Spending", "budgets", "firing"]

_OPEN = ("firing", "recovering")


class Firing(NamedTuple):
    """An alert that is open."""

    id: str
    severity: str
    what: str
    acknowledged: bool


class Spending(NamedTuple):
    """A budget, and where it stands."""

    name: str
    period: str
    spent_usd: Decimal
    budget_usd: Decimal
    used: float
    forecast_usd: Decimal | None
    run_out_at: datetime | None


def firing(source: Source) -> list[Firing] | None:
    """Alerts that are told and open, the most severe first; None where nobody may know.

    An alert that another one tells already is a part of that one.
    """
    try:
        rows = _alerts(source).to_pylist()
    except (AccessDenied, BadQuery):  # a token of one team, or a collector without alerts
        return None
    return [
        Firing(
            row["alert_id"],
            row["severity"],
            row["title"] or f"{row['rule']}: {row['value']}",
            row["acked_at"] is not None,
        )
        for row in rows
        if row["parent_id"] is None
    ]


def budgets(source: Source) -> list[Spending]:
    """The budgets, the fullest first; none where nobody may know."""
    try:
        rows = _budgets(source).to_pylist()
    except (AccessDenied, BadQuery):
        return []
    found = [
        Spending(
            row["budget"],
            row["period"],
            row["spent_usd"],
            row["budget_usd"],
            row["used_share"],
            row["forecast_usd"],
            instant(row["run_out_at"]),
        )
        for row in rows
    ]
    return sorted(found, key=lambda budget: budget.used, reverse=True)


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _alerts(source: Source) -> pa.Table:
    return ask(source, "alerts", {"state": list(_OPEN), "limit": 100})


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def _budgets(source: Source) -> pa.Table:
    return ask(source, "budgets", {})
