"""How finely a time range is cut, and the steps of its axis; pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, time, timedelta, timezone
from typing import NamedTuple

from spanledger_dashboard.windows import Window

__all__ = ["BUCKETS", "Bucket", "affordable", "buckets", "fitting"]

BUCKETS = {
    "minute": "Minute",
    "five_minutes": "5 minutes",
    "quarter_hour": "15 minutes",
    "hour": "Hour",
    "day": "Day",
    "week": "Week",
    "month": "Month",
}
MOST_BUCKETS = 800
_WITHIN_DAYS = {
    "minute": timedelta(minutes=1),
    "five_minutes": timedelta(minutes=5),
    "quarter_hour": timedelta(minutes=15),
    "hour": timedelta(hours=1),
}
_COARSER = dict(itertools.pairwise((*_WITHIN_DAYS, "day")))
_NEARLY_A_YEAR = timedelta(days=330)


class Bucket(NamedTuple):
    """One step of a time axis; `start` is local wall time, without a zone."""

    start: datetime
    label: str
    partial: bool


def fitting(span: timedelta) -> str:
    """The bucket that cuts a range into a readable number of steps."""
    if span <= timedelta(minutes=30):
        return "minute"
    if span <= timedelta(hours=3):
        return "five_minutes"
    if span <= timedelta(hours=12):
        return "quarter_hour"
    if span <= timedelta(hours=49):
        return "hour"
    if span <= timedelta(days=62):
        return "day"
    return "week" if span <= timedelta(days=366) else "month"


def affordable(bucket: str, span: timedelta) -> str:
    """The bucket itself, or the next coarser that stays below what a chart can show."""
    for within, length in _WITHIN_DAYS.items():
        if bucket == within and span > length * MOST_BUCKETS:
            bucket = _COARSER[within]
    if bucket == "day" and span > timedelta(days=MOST_BUCKETS):
        return "week"
    return bucket


def buckets(shown: Window, bucket: str) -> list[Bucket]:
    """Every step of the range, also those in which nothing happened."""
    return list(_steps(shown, bucket))


def _steps(shown: Window, bucket: str) -> Iterator[Bucket]:
    year = shown.span > _NEARLY_A_YEAR
    if length := _WITHIN_DAYS.get(bucket):
        yield from _within_days(shown, bucket, length, year=year)
        return
    last = shown.until.replace(tzinfo=None)
    start = _floor(shown.start.replace(tzinfo=None), bucket)
    while start < last:
        following = _next(start, bucket)
        yield Bucket(start, _label(start, bucket, year=year), shown.running and following > last)
        start = following


def _within_days(shown: Window, bucket: str, length: timedelta, *, year: bool) -> Iterator[Bucket]:
    """Steps that the clock really shows: an hour that comes twice is one, one left out is none."""
    moment, until = (at.astimezone(timezone.utc) for at in (shown.start, shown.until))
    moment -= _past(shown.start, length)
    ends: dict[datetime, datetime] = {}
    while moment < until:
        local = moment.astimezone(shown.zone)
        ends[local.replace(tzinfo=None) - _past(local, length)] = moment + length
        moment += length
    for start in sorted(ends):
        yield Bucket(start, _label(start, bucket, year=year), shown.running and ends[start] > until)


def _past(moment: datetime, length: timedelta) -> timedelta:
    """How much of its step has passed by a moment, by the clock on the wall."""
    return (moment.replace(tzinfo=None) - datetime.min) % length


def _floor(moment: datetime, bucket: str) -> datetime:
    start = datetime.combine(moment.date(), time())
    if bucket == "week":
        return start - timedelta(days=start.weekday())
    return start.replace(day=1) if bucket == "month" else start


def _next(start: datetime, bucket: str) -> datetime:
    if bucket == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if bucket == "week" else 1)


def _label(start: datetime, bucket: str, *, year: bool) -> str:
    """Different for every step of a range: charts tell steps apart by it."""
    if bucket == "month":
        return f"{start:%b %Y}"
    text = f"{start.day} {start:%b}{f' {start.year}' if year else ''}"
    return f"{text} {start:%H:%M}" if bucket in _WITHIN_DAYS else text
