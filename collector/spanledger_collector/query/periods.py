"""Where today, yesterday, last week and the months begin, in a time zone; pure.

Days and months are local: on the two days a year when clocks are set, a day has 23 or 25 hours.
"""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

__all__ = ["day_edges", "has_broken_hours", "periods"]


def periods(as_of: datetime, zone: str) -> dict[str, datetime]:
    """Find the instants that `spend_summary` compares, as naive UTC.

    Args:
        as_of: what counts as now, as naive UTC.
        zone: the IANA time zone in which days begin.
    """
    tz = ZoneInfo(zone)
    local = as_of.replace(tzinfo=timezone.utc).astimezone(tz)
    today = local.date()
    month = today.replace(day=1)
    last_month = (month - timedelta(days=1)).replace(day=1)
    same_day = min(today.day, calendar.monthrange(last_month.year, last_month.month)[1])
    clock = local.time().replace(fold=local.fold)

    def at(day: date, clock: time = time.min) -> datetime:
        moment = datetime.combine(day, clock, tz)
        return moment.astimezone(timezone.utc).replace(tzinfo=None)

    def same_time(day: date) -> datetime:
        """The same local time on another day, never beyond that day's end."""
        return min(at(day, clock), at(day + timedelta(days=1)))

    return {
        "today": at(today),
        "yesterday": at(today - timedelta(days=1)),
        "yesterday_now": same_time(today - timedelta(days=1)),
        "week_ago": at(today - timedelta(days=7)),
        "week_ago_now": same_time(today - timedelta(days=7)),
        "month": at(month),
        "last_month": at(last_month),
        "last_month_now": same_time(last_month.replace(day=same_day)),
    }


def day_edges(as_of: datetime, days: int, zone: str) -> list[dict[str, object]]:
    """Find the local days up to an instant's, each with its first instant and that of the next.

    Args:
        as_of: what counts as now, as naive UTC.
        days: how many days.
        zone: the IANA time zone in which days begin.
    """
    tz = ZoneInfo(zone)
    last = as_of.replace(tzinfo=timezone.utc).astimezone(tz).date()
    dates = [last - timedelta(days=back) for back in range(days - 1, -2, -1)]
    edges = [
        datetime.combine(day, time.min, tz).astimezone(timezone.utc).replace(tzinfo=None)
        for day in dates
    ]
    return [
        {"day": day.isoformat(), "first": first, "last": last}
        for day, first, last in zip(dates[:-1], edges[:-1], edges[1:], strict=True)
    ]


def has_broken_hours(zone: str, start: datetime, end: datetime) -> bool:
    """Whether local hours there do not begin with UTC hours, as in India or Nepal."""
    tz = ZoneInfo(zone)
    step = max(timedelta(days=30), (end - start) / 1000)
    moment = start.replace(tzinfo=timezone.utc)
    last = max(start, end).replace(tzinfo=timezone.utc)
    while moment <= last + step:
        offset = moment.astimezone(tz).utcoffset() or timedelta()
        if offset % timedelta(hours=1):
            return True
        moment += step
    return False
