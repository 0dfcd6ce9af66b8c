"""Is anything on fire, and does the money last: open alerts and budgets, in a few lines."""

from __future__ import annotations

import streamlit as st

from spanledger_dashboard import alert_words, formats
from spanledger_dashboard.alerting import Alert, Budget
from spanledger_dashboard.cards.card import escaped, guarded
from spanledger_dashboard.data import alerts as asked
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.problems import AccessDenied, BadQuery
from spanledger_dashboard.settings import Source
from spanledger_dashboard.ways import way

__all__ = ["attention_card"]

_MOST = 3
_COLORS = {"critical": "red", "warning": "orange"}


@st.fragment(run_every=5)
def attention_card(here: Scope) -> None:
    """Open alerts, the most severe first, and the fullest budgets; nothing where both are none."""
    with guarded(40):
        alerts, budgets = _open(here.source)
        if not alerts and not budgets:
            return
        with st.container(border=True, gap="xsmall"):
            for alert in alerts[:_MOST]:
                color = _COLORS.get(alert.severity, "blue")
                seen = " :gray[· somebody is on it]" if alert.acked_at else ""
                what = formats.plain(alert_words.headline(alert))
                much = formats.plain(alert_words.compared(alert))
                st.markdown(
                    f":{color}[:material/notifications_active: **{what}**, {alert.severity}]"
                    f" · {much}{seen}"
                )
            if alerts:
                way("alerts", formats.count(len(alerts), "open alert"))
            for budget in budgets[:_MOST]:
                _budget(budget, here)


def _open(source: Source) -> tuple[list[Alert], list[Budget]]:
    try:
        alerts, budgets = asked.firing(source), asked.budgets(source)
    except (AccessDenied, BadQuery):  # a token of one team, or a collector without alerts
        return [], []
    return alerts, sorted(budgets, key=lambda budget: budget.used, reverse=True)


def _budget(budget: Budget, here: Scope) -> None:
    spent, whole = formats.money(budget.spent_usd), formats.money(budget.usd)
    words = f"Budget {formats.plain(budget.shown)}: **{spent}** of {whole} ({budget.used:.0%})"
    if budget.run_out_at is not None:
        words += f" · used up about {formats.day(budget.run_out_at.astimezone(here.shown.zone))}"
    elif budget.forecast_usd is not None:
        words += f" · {formats.money_short(budget.forecast_usd)} expected by its end"
    st.progress(min(max(budget.used, 0.0), 1.0), text=escaped(words))
