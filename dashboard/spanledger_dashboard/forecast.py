"""Where the month will end, and what a day usually costs by this time; pure.

A day's usual cost is the level of the last two weeks times the factor of its weekday. The factor
comes from up to eight weeks and is drawn towards one while there are few of them. The band holds in
four months of five if days go on varying as they did; it knows of no plans.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import fsum, sqrt
from statistics import fmean, median
from typing import NamedTuple

__all__ = ["ByNow", "Day", "Forecast", "Habit", "by_now", "habit", "month_end"]

_LEAST_DAYS = 7
_LEAST_WEEKS = 2
_MOST_DAYS = 56
_LEVEL_DAYS = 14
_DOUBT = 2.0
_EIGHTY_PERCENT = 1.2816


class Day(NamedTuple):
    """What one complete local day cost."""

    day: date
    cost_usd: Decimal


class Forecast(NamedTuple):
    """A sum to come: the middle, and the band that holds it four times of five."""

    middle: Decimal
    low: Decimal
    high: Decimal


class ByNow(NamedTuple):
    """What such a day has usually cost by this time, and which share of the whole day that is."""

    cost_usd: Decimal
    share: float
    weeks: int


class Habit(NamedTuple):
    """What days usually cost."""

    level: float
    factors: tuple[float, ...]
    """By weekday, Monday first; they average to about one."""
    deviation: float
    """Standard deviation of a day with a factor of one."""
    days: int

    def of(self, day: date) -> float:
        """The usual cost of a whole day."""
        return self.level * self.factors[day.weekday()]


def habit(days: Sequence[Day]) -> Habit | None:
    """What the last complete days say of a usual one; None below a week of them."""
    known = sorted(days)[-_MOST_DAYS:]
    overall = fmean(float(day.cost_usd) for day in known) if known else 0.0
    if len(known) < _LEAST_DAYS or not overall:
        return None
    factors = tuple(_factor(known, weekday, overall) for weekday in range(7))
    recent = known[-_LEVEL_DAYS:]
    level = sum(float(day.cost_usd) for day in recent) / sum(
        factors[day.day.weekday()] for day in recent
    )
    usual = Habit(level, factors, 0.0, len(known))
    missed = fsum((float(day.cost_usd) - usual.of(day.day)) ** 2 for day in known)
    weighed = fsum(factors[day.day.weekday()] ** 2 for day in known)
    return usual._replace(deviation=sqrt(missed / weighed))


def by_now(hours: Mapping[datetime, Decimal], now: datetime) -> ByNow | None:
    """The same weekday of the last four weeks, to the same time; None below two of them.

    Args:
        hours: cost by local hour, without a zone.
        now: local time.
    """
    wall = now.replace(tzinfo=None)
    until, whole = [], []
    for week in range(1, 5):
        day = wall.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(weeks=week)
        costs = [hours.get(day + timedelta(hours=hour), Decimal(0)) for hour in range(24)]
        if any(costs):
            until.append(sum(costs[: wall.hour], costs[wall.hour] * wall.minute / 60))
            whole.append(sum(costs, Decimal(0)))
    if len(whole) < _LEAST_WEEKS:
        return None
    return ByNow(median(until), float(sum(until) / sum(whole)), len(whole))


def month_end(so_far: Decimal, usual: Habit, today: date, passed: float) -> Forecast:
    """The month's cost at its end.

    Args:
        so_far: what it has cost until now.
        usual: what days usually cost.
        today: the local day.
        passed: the share of a usual day's cost that has come by this time of day.
    """
    weights = [usual.factors[today.weekday()] * (1 - passed)]
    day = today + timedelta(days=1)
    while day.month == today.month:
        weights.append(usual.factors[day.weekday()])
        day += timedelta(days=1)
    to_come = usual.level * sum(weights)
    from_days = sum(weight**2 for weight in weights)
    from_level = sum(weights) ** 2 / min(usual.days, _LEVEL_DAYS)
    reach = _EIGHTY_PERCENT * usual.deviation * sqrt(from_days + from_level)
    return Forecast(
        so_far + _usd(to_come),
        so_far + _usd(max(to_come - reach, 0.0)),
        so_far + _usd(to_come + reach),
    )


def _factor(days: Sequence[Day], weekday: int, overall: float) -> float:
    costs = [float(day.cost_usd) for day in days if day.day.weekday() == weekday]
    return (sum(costs) / overall + _DOUBT) / (len(costs) + _DOUBT)


def _usd(amount: float) -> Decimal:
    return Decimal(repr(round(amount, 6)))
