"""Where budgets stand: which one binds, and how each burns down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

import streamlit as st

from spanledger_dashboard import alert_words, burn, charts_alerts, data, formats
from spanledger_dashboard.alerting import Budget
from spanledger_dashboard.cards.card import card, escaped, guarded, metric, wide
from spanledger_dashboard.data import alerts as asked
from spanledger_dashboard.forecast import Day, Habit, habit
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["budget_cards"]

_EXAMPLE = """[[budgets]]
name = "search"
usd = 5000
period = "month"            # or "week", or "day"
only = {team = "search"}    # without it: everything"""
_FEW, _TALL = 12, 460
_LEARNT_FROM = timedelta(days=56)


def budget_cards(settings: DashboardSettings) -> None:
    """Every budget with what is left, where it is heading, and which one binds.

    A budget of many groups is a table: a chart for each would be as many questions.
    """
    st.subheader("Budgets", anchor=False)
    with guarded(height=280):
        budgets = asked.budgets(settings.source)
        if not budgets:
            _none()
            return
        _binding(budgets, settings)
        for budget in budgets:
            if budget.by == "none":
                _card(settings, budget)
        for name in dict.fromkeys(each.name for each in budgets if each.by != "none"):
            _groups(settings, [each for each in budgets if each.name == name])


def _none() -> None:
    with st.container(border=True):
        st.markdown(
            ":material/savings: No budget is set. Add one to the collector's configuration file"
            " and restart it:"
        )
        st.code(_EXAMPLE, language="toml")
        st.caption(
            "It tells at 50, 80, 95 and 100 % of the budget, and when the period will end above it"
            " as it goes now. Set a minute ago? Budgets appear with the first judgement,"
            " those of each team or user with its first call."
        )


def _binding(budgets: Sequence[Budget], settings: DashboardSettings) -> None:
    """Of several budgets the one that ends first is the one that counts."""
    binding = alert_words.binding(list(budgets))
    if binding is None:
        st.markdown(":green[:material/check_circle: Every budget lasts as it goes now.]")
        return
    name = formats.plain(binding.shown)
    if binding.left_usd <= 0:
        over = escaped(formats.money(-binding.left_usd))
        words = f"**{name}** is what binds: it is overspent by {over}"
    else:
        ends = (binding.run_out_at or binding.end).astimezone(settings.zone)
        words = (
            f"**{name}** is what binds: as it goes now nothing is left of it from about"
            f" {formats.day(ends)} {formats.clock(ends)} on"
        )
    st.markdown(f":orange[:material/hourglass_bottom:] {words}.")


def _groups(settings: DashboardSettings, groups: Sequence[Budget]) -> None:
    """A budget that each group has for itself, the fullest first."""
    budget, by = groups[0], groups[0].by.removesuffix("_id")
    money = escaped(formats.money(budget.usd))
    title = f"{formats.plain(budget.name)}: {money} a {budget.period} for each {by}"
    number, whole = st.column_config.NumberColumn, max(float(budget.usd), 1e-9)
    with card(title, f"{formats.count(len(groups), by)}, {_until(budget, settings)}"):
        st.dataframe(
            [
                {
                    by.capitalize(): each.value,
                    "Used": each.used * 100,
                    "Spent (USD)": float(each.spent_usd),
                    "Left (USD)": float(each.left_usd),
                    "Where it ends": None
                    if each.forecast_usd is None
                    else float(each.forecast_usd) / whole * 100,
                    "Used up": _used_up(each, settings),
                }
                for each in groups
            ],
            hide_index=True,
            height="content" if len(groups) <= _FEW else _TALL,
            alt=f"Every {by} with what is spent and left of the budget {budget.name}",
            column_config={
                by.capitalize(): st.column_config.TextColumn(
                    pinned=True, width=wide(each.value for each in groups)
                ),
                "Used": st.column_config.ProgressColumn(
                    format="%.0f%%", min_value=0, max_value=100
                ),
                "Spent (USD)": number(format="dollar"),
                "Left (USD)": number(format="dollar"),
                "Where it ends": number(format="%.0f%%", help="As it goes now, of the budget"),
            },
        )
        told = ", ".join(f"{share:.0%}" for share in budget.thresholds)
        st.caption(f"Each {by} has this budget for itself. It tells at {told}.")


def _used_up(budget: Budget, settings: DashboardSettings) -> str:
    if budget.left_usd <= 0:
        return "already"
    return (
        ""
        if budget.run_out_at is None
        else formats.day(budget.run_out_at.astimezone(settings.zone))
    )


def _until(budget: Budget, settings: DashboardSettings) -> str:
    """Its present period, by the clock that readers live by."""
    first, last = budget.start.astimezone(settings.zone), budget.end.astimezone(settings.zone)
    where = formats.plain(formats.zone_name(settings.zone, budget.as_of))
    until = formats.day(last - timedelta(microseconds=1))
    return f"{formats.day(first)} to {until}, {where}"


def _card(settings: DashboardSettings, budget: Budget) -> None:
    zone = settings.zone
    of = formats.plain(alert_words.only_words(dict(budget.only)))
    title = f"{formats.plain(budget.name)}: {escaped(formats.money(budget.usd))} a {budget.period}"
    with card(title, f"For {of}. {_until(budget, settings)}"):
        usual = _usual(settings, budget)
        burnt = burn.burn_down(budget, _spent(settings, budget), usual, zone)
        _numbers(budget, burnt, settings)
        st.altair_chart(charts_alerts.burn_chart(burnt), alt=_alt(budget))
        band = "The band holds it four times of five. " if burnt.low is not None else ""
        told = ", ".join(f"{share:.0%}" for share in budget.thresholds)
        st.caption(f"{band}The dashed grey line is an even pace. It tells at {told}.")


def _numbers(budget: Budget, burnt: burn.Burn, settings: DashboardSettings) -> None:
    passed = (budget.as_of - budget.start) / (budget.end - budget.start)
    ahead = budget.forecast_usd
    with grid(3, min_column_width=200):
        metric(
            "Spent (USD)",
            formats.money(budget.spent_usd),
            None,
            f"{formats.share(budget.used)} of it, {formats.share(passed)} of the time",
            border=False,
        )
        metric(
            "Left (USD)",
            formats.money(budget.left_usd),
            None,
            f"even pace: {formats.money(budget.usd * Decimal(repr(1 - passed)))}",
            border=False,
        )
        metric(
            "Where it ends (USD)",
            formats.UNKNOWN if ahead is None else formats.money(ahead),
            None if ahead is None else formats.change(ahead, budget.usd),
            _reach(budget, burnt)
            if ahead is not None
            else "too early in the period for a forecast",
            color="inverse",
            border=False,
        )


def _reach(budget: Budget, burnt: burn.Burn) -> str:
    against = f"vs {formats.money(budget.usd)}"
    if burnt.low is None or burnt.high is None:
        return against
    low, high = formats.money_short(burnt.low), formats.money_short(burnt.high)
    return f"{against}; {low} to {high}"


def _spent(settings: DashboardSettings, budget: Budget) -> Mapping[datetime, Decimal]:
    found = data.usage(
        settings.source,
        budget.start,
        budget.as_of,
        settings.zone.key,
        bucket=burn.step_of(budget),
        filters=budget.only,
        measures=("cost_usd",),
    ).by("bucket")
    return {start: totals.cost_usd for (start,), totals in found.items()}


def _usual(settings: DashboardSettings, budget: Budget) -> Habit | None:
    """What days of these calls usually cost, from the complete ones of eight weeks."""
    if budget.period == "day":
        return None
    today = budget.as_of.astimezone(settings.zone).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    start = today - _LEARNT_FROM
    found = data.usage(
        settings.source,
        start,
        today,
        settings.zone.key,
        bucket="day",
        filters=budget.only,
        measures=("cost_usd",),
    ).by("bucket")
    costs = {when.date(): totals.cost_usd for (when,), totals in found.items()}
    begins = data.health(settings.source).first_call
    known = begins.astimezone(settings.zone).date() if begins else today.date()
    return habit([Day(day, costs.get(day, Decimal(0))) for day in _days(start, today, known)])


def _days(start: datetime, end: datetime, known_from: date) -> list[date]:
    """Complete days since the ledger began: a day on which nothing was spent is known, too."""
    days = [start.date() + timedelta(days=n) for n in range((end.date() - start.date()).days)]
    return [day for day in days if day > known_from]


def _alt(budget: Budget) -> str:
    ahead = (
        "" if budget.forecast_usd is None else f", heading for {formats.money(budget.forecast_usd)}"
    )
    return (
        f"What is left of the budget {budget.name}: {formats.money(budget.left_usd)} of"
        f" {formats.money(budget.usd)}{ahead}"
    )
