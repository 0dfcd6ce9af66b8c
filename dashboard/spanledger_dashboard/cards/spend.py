"""Today and this month at a glance, each number beside what it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import streamlit as st

from spanledger_dashboard import data, formats
from spanledger_dashboard.cards.card import escaped, guarded, metric, moved
from spanledger_dashboard.data.changes import complete_days, hours
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.forecast import ByNow, Habit, by_now, habit, month_end
from spanledger_dashboard.layout import grid
from spanledger_dashboard.measures import Totals

__all__ = ["projection", "spend_cards"]

_SETTLED = timedelta(days=1)
_SIGNS = str.maketrans("", "", "+-")


class _Spent(NamedTuple):
    """The periods of one moment, and since when the ledger knows anything."""

    periods: Mapping[str, data.Period]
    begins: datetime | None
    now: datetime
    usual: Habit | None
    by_now: ByNow | None

    def of(self, name: str) -> Totals:
        return self.periods[name].totals

    def before(self, name: str) -> Totals | None:
        """An earlier period; None where the ledger had not begun, which is not zero."""
        known = self.begins is not None and self.periods[name].end > self.begins
        return self.periods[name].totals if known else None

    @property
    def passed(self) -> float:
        """Which share of a day's cost has usually come by this time."""
        return self.by_now.share if self.by_now else (self.now.hour * 60 + self.now.minute) / 1440

    def compared(self, earlier: Totals | None, text: Callable[[Totals], str], when: str) -> str:
        """What a number is compared with, in words."""
        if earlier is not None:
            return f"vs {text(earlier)} {when}"
        begins = (self.begins or self.now).astimezone(self.now.tzinfo)
        return f"no earlier data: the ledger begins on {formats.day(begins)}"


@st.fragment(run_every=5)
def spend_cards(here: Scope) -> None:
    """Spend today and this month; calls, errors and cache of today."""
    settings = here.settings
    with guarded():
        begins = data.health(settings.source).first_call
        zone, now = settings.zone.key, datetime.now(settings.zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spent = _Spent(
            data.spend_summary(settings.source, zone, here.filters),
            begins,
            now,
            habit(complete_days(settings.source, zone, begins, here.filters)),
            by_now(hours(settings.source, zone, midnight, here.filters), now),
        )
        with grid(2, min_column_width=280):
            _today(spent)
            _month(spent)
        with grid(3, min_column_width=260):
            _rates(spent)


def projection(so_far: Decimal, now: datetime) -> Decimal | None:
    """The month's spend if its average so far holds; None while a day has not passed.

    `now` is local time; the month's length is counted on its wall clock.
    """
    wall = now.replace(tzinfo=None)
    start = wall.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    passed = wall - start
    if passed < _SETTLED:
        return None
    length = (start + timedelta(days=32)).replace(day=1) - start
    return so_far * int(length.total_seconds()) / int(passed.total_seconds())


def _today(spent: _Spent) -> None:
    today, clock = spent.of("today"), formats.clock(spent.now)
    with st.container(border=True, height="stretch"):
        _cost("Spend today", today, "yesterday_to_now", f"yesterday to {clock}", spent)
        with st.container(gap="xsmall"):
            _also(today, "week_ago_to_now", f"last {spent.now:%A} to {clock}", spent)
            _usual(today, spent)
            _trust(today)


def _month(spent: _Spent) -> None:
    month, now = spent.of("month"), spent.now
    earlier = now.replace(day=1) - timedelta(days=1)
    until = formats.ordinal(min(now.day, earlier.day))
    with st.container(border=True, height="stretch"):
        when = f"{earlier:%B} to the {until}, {formats.clock(now)}"
        _cost("Spend this month", month, "last_month_to_now", when, spent)
        with st.container(gap="xsmall"):
            if month.known_cost_usd is not None:  # else it would be a forecast of nothing
                st.markdown(f":small[{_expected(month.cost_usd, spent)}]")
            _trust(month)


def _expected(so_far: Decimal, spent: _Spent) -> str:
    """Where the month ends: with a band when there are days to learn from."""
    now = spent.now
    last = (now.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    ends = f"by {last.day} {last:%B}"
    if spent.usual is not None:
        ahead = month_end(so_far, spent.usual, now.date(), spent.passed)
        middle, low, high = (escaped(formats.money_short(amount)) for amount in ahead)
        return (
            f":material/trending_up: Forecast **{middle}** {ends} :gray[({low} to {high} in four "
            f"months of five, from {spent.usual.days} days)]"
        )
    expected = projection(so_far, now)
    if expected is None:
        return ":gray[:material/trending_up: A projection follows on the second day of the month]"
    return (
        f":material/trending_up: About **{escaped(formats.money(expected))}** {ends} "
        ":gray[if the average so far holds (linear projection)]"
    )


def _usual(today: Totals, spent: _Spent) -> None:
    """Whether this much is what such a day costs by now."""
    usual = spent.by_now
    if usual is None or today.known_cost_usd is None:
        return
    ratio = formats.relative(today.cost_usd, usual.cost_usd) or "new"
    side = "above" if today.cost_usd > usual.cost_usd else "below"
    st.markdown(
        escaped(
            f":small[:gray[:material/straighten: {ratio.translate(_SIGNS)} {side} the "
            f"{formats.money_short(usual.cost_usd)} that a {spent.now:%A} usually costs by "
            f"{formats.clock(spent.now)} (median of {usual.weeks} weeks)]]"
        )
    )


def _rates(spent: _Spent) -> None:
    today, before = spent.of("today"), spent.before("yesterday_to_now")
    when = f"yesterday to {formats.clock(spent.now)}"
    metric(
        "Calls today",
        formats.quantity(today.calls),
        formats.change(today.calls, before.calls) if before else None,
        spent.compared(before, lambda totals: formats.quantity(totals.calls), when),
    )
    metric(
        "Cache-hit share today",
        formats.share(today.cache_hit_share),
        formats.points(today.cache_hit_share, before.cache_hit_share) if before else None,
        spent.compared(before, lambda totals: formats.share(totals.cache_hit_share), when),
        color="normal",
        note="Of all prompt tokens, those that were read from the cache.",
    )
    metric(
        "Error share today",
        formats.share(today.error_share),
        formats.points(today.error_share, before.error_share) if before else None,
        spent.compared(before, lambda totals: formats.share(totals.error_share), when),
        color="inverse",
        note="Of all requests, those that failed.",
    )


def _cost(label: str, now: Totals, earlier: str, when: str, spent: _Spent) -> None:
    before = spent.before(earlier)
    metric(
        label,
        formats.money(now.known_cost_usd),
        moved(now, before),
        spent.compared(before, lambda totals: formats.money(totals.known_cost_usd), when),
        color="inverse",
        border=False,
    )


def _also(now: Totals, earlier: str, when: str, spent: _Spent) -> None:
    """A second comparison, in one line."""
    before = spent.before(earlier)
    if before is None:  # the comparison above says since when there is anything
        return
    change = moved(now, before)
    color, arrow = ("red", "↑ ") if now.cost_usd > before.cost_usd else ("green", "↓ ")
    told = f":{color}[{arrow}{change}] " if change != "no change" else f":gray[{change}] "
    words = spent.compared(before, lambda totals: formats.money(totals.known_cost_usd), when)
    st.markdown(escaped(f":small[{told if change else ''}:gray[{words}]]"))


def _trust(totals: Totals) -> None:
    """How much of the sum can be relied on; calls without a price are never left out."""
    words = []
    if totals.unpriced_calls:
        missing = formats.count(totals.unpriced_calls, "unpriced call")
        words.append(
            f":orange-badge[:material/help: + {missing}{_of(totals.unpriced_calls, totals)}]"
        )
    if totals.estimated_calls:
        guessed = formats.count(totals.estimated_calls, "call")
        of_all = _of(totals.estimated_calls, totals)
        words.append(f":gray-badge[:material/calculate: {guessed} estimated{of_all}]")
    if not words:
        calls = "the only call" if totals.calls == 1 else f"all {totals.calls:,} calls"
        words.append(f":gray[:material/verified: {calls} priced]")
    st.markdown(f":small[{' '.join(words)}]")


def _of(part: int, totals: Totals) -> str:
    return f" ({formats.share(part / totals.requests)})" if totals.requests else ""
