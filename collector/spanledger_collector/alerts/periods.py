"""When the local day, week or month of an instant begins and ends, in naive UTC; pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo

__all__ = ["period_of"]


def period_of(now: datetime, period: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first instant of a period and the first after it."""
    today = now.replace(tzinfo=timezone.utc).astimezone(zone).date()
    if period == "day":
        first, after = today, today + timedelta(days=1)
    elif period == "week":
        first = today - timedelta(days=today.weekday())
        after = first + timedelta(days=7)
    else:
        first = today.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return _midnight(first, zone), _midnight(after, zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    local = datetime.combine(day, time.min, zone)
    return local.astimezone(timezone.utc).replace(tzinfo=None)
