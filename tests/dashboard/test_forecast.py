"""A forecast follows the weekday and the level, and says how sure it is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from spanledger_dashboard.forecast import Day, by_now, habit, month_end

FRIDAY = date(2026, 11, 20)


def days(count: int, *, weekend: str = "10", jitter: int = 0) -> list[Day]:
    """Complete days before a Friday in November: $10 on workdays."""
    made = []
    for ago in range(1, count + 1):
        day = FRIDAY - timedelta(days=ago)
        cost = Decimal(weekend if day.weekday() >= 5 else "10")
        made.append(Day(day, cost + (jitter if ago % 2 else -jitter)))
    return made


def test_a_week_is_the_least_to_learn_from() -> None:
    """Six days, or days without any cost, tell no habit."""
    assert habit(days(6)) is None
    assert habit([Day(FRIDAY, Decimal(0))] * 10) is None
    assert habit(days(7)) is not None


def test_even_days_go_on() -> None:
    """$10 a day: ten days and half of today are still to come, without any doubt."""
    usual = habit(days(56))
    assert usual is not None

    ahead = month_end(Decimal(195), usual, FRIDAY, 0.5)

    assert ahead == pytest.approx((Decimal(300), Decimal(300), Decimal(300)))


def test_weekends_are_weekends() -> None:
    """Free weekends: of the ten days left only six cost anything."""
    usual = habit(days(56, weekend="0"))
    assert usual is not None

    ahead = month_end(Decimal(0), usual, FRIDAY, 1.0)

    assert 55 < ahead.middle < 75
    assert usual.of(FRIDAY) > 3 * usual.of(date(2026, 11, 21))


def test_uneven_days_widen_the_band() -> None:
    """The band is around the middle and never below what is spent already."""
    calm, wild = habit(days(56, jitter=1)), habit(days(56, jitter=9))
    assert calm is not None
    assert wild is not None

    narrow = month_end(Decimal(200), calm, FRIDAY, 0.0)
    wide = month_end(Decimal(200), wild, FRIDAY, 0.0)

    assert Decimal(200) <= wide.low < narrow.low < narrow.middle < narrow.high < wide.high


def test_the_last_day_has_only_its_rest() -> None:
    """Nothing of next month is in this month's forecast."""
    usual = habit(days(56))
    assert usual is not None

    assert month_end(Decimal(300), usual, date(2026, 11, 30), 1.0).high == 300


def test_a_day_is_compared_with_the_same_weekday_by_the_same_time() -> None:
    """The median week, so that a spike a week ago is not what is usual; half an hour is half."""
    now = datetime(2026, 11, 20, 9, 30)
    hours = {
        now.replace(hour=hour, minute=0) - timedelta(weeks=week): Decimal(cost)
        for week, cost in enumerate((100, 2, 2, 2), start=1)
        for hour in range(24)
    }

    usual = by_now(hours, now)

    assert usual is not None
    assert (usual.cost_usd, usual.weeks) == (Decimal(19), 4)
    assert usual.share == pytest.approx(9.5 / 24)
    assert by_now({}, now) is None
