"""Who spends: one dimension's largest names, each beside its period before."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from spanledger_dashboard import charts, data, shapes, states
from spanledger_dashboard.cards.card import card, guarded, lacking
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES
from spanledger_dashboard.measures import NOTHING, Totals
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.windows import window

__all__ = ["cost_by"]

_MOST = 8


def cost_by(dimension: str, settings: DashboardSettings) -> None:
    """Cost of the last seven days by one dimension, compared with the seven before."""
    _, label = DIMENSIONS[dimension]
    period = "Last 7 days in USD; the tick is the 7 days before, to the same time"
    with card(f"Cost by {label.lower()}", period):
        _bars(dimension, settings)


@st.fragment(parallel=True)
def _bars(dimension: str, settings: DashboardSettings) -> None:
    column, label = DIMENSIONS[dimension]
    week = window("7d", datetime.now(settings.zone), settings.zone)
    with guarded(240):
        now = _groups(settings, week.start, week.end, column)
        before = _groups(settings, week.before_start, week.before_end, column)
        rows = shapes.compared(now, before, MEASURES["cost"], _MOST)
        if not rows:
            states.nothing_here("No call in the last 14 days.")
            return
        told = ", ".join(f"{row.name} {row.text} {row.change}" for row in rows[:3])
        st.altair_chart(
            charts.compared_bars(rows, now="Last 7 days", before="7 days before"),
            alt=f"Cost by {label.lower()}: {told}",
        )
        lacking(sum(now.values(), start=NOTHING))
        hidden = len(now.keys() | before.keys()) - len(rows)
        if hidden:
            st.caption(f"{hidden} more in the cost explorer.")


def _groups(
    settings: DashboardSettings, start: datetime, end: datetime | None, column: str
) -> dict[str, Totals]:
    answer = data.usage(settings.source, start, end, settings.zone.key, groups=(column,))
    return {name: totals for (name,), totals in answer.by("group_1").items()}
