"""How a budget burns down: what is left by step, the even pace, and where it is heading; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from math import sqrt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from spanledger_dashboard import formats
from spanledger_dashboard.alerting import Budget
from spanledger_dashboard.forecast import Habit

__all__ = ["AHEAD", "EVEN", "LEFT", "Burn", "Point", "burn_down", "step_of"]

LEFT, EVEN, AHEAD = "Left", "Even pace", "As it goes"
_EIGHTY_PERCENT = 1.2816
_LEVEL_DAYS = 14


class Point(NamedTuple):
    """What is left at the end of a step."""

    bucket: str
    series: str
    value: float
    text: str
    low: float | None = None
    high: float | None = None


class Burn(NamedTuple):
    """A budget's period, step by step."""

    steps: list[str]
    points: list[Point]
    low: Decimal | None
    """What the period ends at, four times of five: at least."""
    high: Decimal | None


def step_of(budget: Budget) -> str:
    """The bucket in which its spend is asked for."""
    return "hour" if budget.period == "day" else "day"


def burn_down(
    budget: Budget, spent: Mapping[datetime, Decimal], usual: Habit | None, zone: ZoneInfo
) -> Burn:
    """What is left at the end of each step, and of those to come.

    Args:
        budget: where it stands.
        spent: by local bucket, without a zone.
        usual: what a day of these calls usually costs, which gives the band and the weekdays.
        zone: in which days begin and end.
    """
    starts = _starts(budget, zone)
    now = budget.as_of.astimezone(zone).replace(tzinfo=None)
    past = [start for start in starts if start <= now]
    to_come = [start for start in starts if start > now]
    labels = {start: _label(start, budget) for start in starts}
    points = [
        _point(labels[start], EVEN, budget.usd * (len(starts) - number) / len(starts))
        for number, start in enumerate(starts, 1)
    ]
    left = budget.usd
    for start in past[:-1]:
        left -= spent.get(start, Decimal(0))
        points.append(_point(labels[start], LEFT, left))
    if past:
        points.append(_point(labels[past[-1]], LEFT, budget.left_usd))
    ahead, low, high = _ahead(budget, to_come, usual, labels)
    if past and ahead:
        here = _point(labels[past[-1]], AHEAD, budget.left_usd)
        points.append(here._replace(low=here.value, high=here.value))
    return Burn(list(labels.values()), points + ahead, low, high)


def _ahead(
    budget: Budget,
    to_come: Sequence[datetime],
    usual: Habit | None,
    labels: Mapping[datetime, str],
) -> tuple[list[Point], Decimal | None, Decimal | None]:
    """The collector's forecast, spread over the steps to come by what their weekdays usually cost.

    The band holds four times of five, if days go on varying as they did.
    """
    if budget.forecast_usd is None or not to_come:
        return [], None, None
    daily = usual is not None and budget.period != "day"
    weights = [usual.factors[s.weekday()] if usual and daily else 1.0 for s in to_come]
    rest = float(budget.forecast_usd - budget.spent_usd)
    left, total, done = float(budget.left_usd), sum(weights) or 1.0, 0.0
    squares, points, reach = 0.0, [], None
    for start, weight in zip(to_come, weights, strict=True):
        done += weight
        squares += weight**2
        value = left - rest * done / total
        if usual and daily:
            doubt = squares + done**2 / min(usual.days, _LEVEL_DAYS)
            reach = _EIGHTY_PERCENT * usual.deviation * sqrt(doubt)
        low = None if reach is None else value - reach
        high = None if reach is None else min(value + reach, left)
        points.append(
            _point(labels[start], AHEAD, Decimal(repr(value)))._replace(low=low, high=high)
        )
    if reach is None:
        return points, None, None
    most, spent = budget.forecast_usd + Decimal(repr(reach)), budget.spent_usd
    return points, max(budget.forecast_usd - Decimal(repr(reach)), spent), most


def _point(bucket: str, series: str, left: Decimal) -> Point:
    text = f"{formats.money(left)} left" if left >= 0 else f"{formats.money(-left)} over"
    return Point(bucket, series, float(left), text)


def _starts(budget: Budget, zone: ZoneInfo) -> list[datetime]:
    step = timedelta(hours=1) if step_of(budget) == "hour" else timedelta(days=1)
    start = budget.start.astimezone(zone).replace(tzinfo=None)
    end = budget.end.astimezone(zone).replace(tzinfo=None)
    found = []
    start = start.replace(minute=0, second=0, microsecond=0)
    if step_of(budget) == "day":
        start = start.replace(hour=0)
    while start < end:
        found.append(start)
        start += step
    return found


def _label(start: datetime, budget: Budget) -> str:
    if step_of(budget) == "hour":
        return f"{start:%H:%M}"
    return f"{start.day} {start:%b}"
