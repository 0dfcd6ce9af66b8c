"""How finely a time range is cut, and the steps of its axis; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from spanledger_dashboard.windows import Window

__all__ = ["BUCKETS", "Bucket", "affordable", "buckets", "fitting"]

BUCKETS = {"hour": "Hour", "day": "Day", "week": "Week", "month": "Month"}
MOST_BUCKETS = 800
_NEARLY_A_YEAR = timedelta(days=330)


class Bucket(NamedTuple):
    """One step of a time axis; `start` is local wall time, without a zone."""

    start: datetime
    label: str
    partial: bool


def fitting(span: timedelta) -> str:
    """The bucket that cuts a range into a readable number of steps."""
    if span <= timedelta(hours=49):
        return "hour"
    if span <= timedelta(days=62):
        return "day"
    return "week" if span <= timedelta(days=366) else "month"


def affordable(bucket: str, span: timedelta) -> str:
    """The bucket itself, or the next coarser that stays below what a chart can show."""
    if bucket == "hour" and span > timedelta(hours=MOST_BUCKETS):
        return "day"
    if bucket == "day" and span > timedelta(days=MOST_BUCKETS):
        return "week"
    return bucket


def buckets(shown: Window, bucket: str) -> list[Bucket]:
    """Every step of the range, also those in which nothing happened."""
    return list(_steps(shown, bucket))


def _steps(shown: Window, bucket: str) -> Iterator[Bucket]:
    year = shown.span > _NEARLY_A_YEAR
    last = shown.until.replace(tzinfo=None)
    start = _floor(shown.start.replace(tzinfo=None), bucket)
    while start < last:
        following = _next(start, bucket)
        yield Bucket(start, _label(start, bucket, year=year), shown.running and following > last)
        start = following


def _floor(moment: datetime, bucket: str) -> datetime:
    if bucket == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    start = datetime.combine(moment.date(), time())
    if bucket == "week":
        return start - timedelta(days=start.weekday())
    return start.replace(day=1) if bucket == "month" else start


def _next(start: datetime, bucket: str) -> datetime:
    if bucket == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + {"hour": timedelta(hours=1), "week": timedelta(days=7)}.get(
        bucket, timedelta(days=1)
    )


def _label(start: datetime, bucket: str, *, year: bool) -> str:
    """Different for every step of a range: charts tell steps apart by it."""
    if bucket == "month":
        return f"{start:%b %Y}"
    text = f"{start.day} {start:%b}{f' {start.year}' if year else ''}"
    return f"{text} {start:%H:%M}" if bucket == "hour" else text
