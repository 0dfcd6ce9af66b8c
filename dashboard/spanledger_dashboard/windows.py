"""Time ranges, and what each is compared with; pure.

Days are days of the chosen time zone: arithmetic is done on the wall clock. Windows from one
instant to another are as long as a stopwatch says, whatever clocks do meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from spanledger_dashboard import formats

__all__ = ["DEFAULT_RANGE", "RANGES", "Exact", "Window", "window"]

RANGES = {
    "today": "Today",
    "yesterday": "Yesterday",
    "24h": "24 hours",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "month": "This month",
    "last_month": "Last month",
    "custom": "Custom",
}
DEFAULT_RANGE = "7d"
_DAYS = {"7d": 7, "30d": 30, "90d": 90}


class Exact(NamedTuple):
    """Two instants, the second not inside."""

    start: datetime
    end: datetime

    def wider(self) -> Exact:
        """As much again on both sides."""
        first, last = _utc(self.start), _utc(self.end)
        return Exact(first - (last - first), last + (last - first))


@dataclass(frozen=True)
class Window:
    """A time range and the one it is compared with.

    `end` is None while the range still runs; `until` is when it was looked at.
    """

    start: datetime
    end: datetime | None
    until: datetime
    before_start: datetime
    before_end: datetime
    label: str
    before_label: str
    zone: ZoneInfo
    exact: bool = False
    """From one instant to another, not of whole days."""

    @property
    def running(self) -> bool:
        """The last bucket is not complete."""
        return self.end is None

    @property
    def span(self) -> timedelta:
        """How much time has passed in the range."""
        return _utc(self.until) - _utc(self.start)

    def with_before(self) -> Window:
        """This range and the one before it as one, from where that begins."""
        return replace(self, start=self.before_start)

    def describe(self) -> str:
        """From when to when, in the zone it is shown in."""
        if self.exact:
            return _from_to(self.start, self.until, year=True)
        first = formats.day(self.start, year=True)
        last = self.until if self.running else self.until - timedelta(microseconds=1)
        ends = f"{formats.day(last, year=True)}{f' {formats.clock(last)}' if self.running else ''}"
        if self.start.time() != time():
            first = f"{first} {formats.clock(self.start)}"
        elif self.start.date() == last.date():
            return f"{first}, 00:00 to {formats.clock(last)}" if self.running else first
        return f"{first} to {ends}"


def window(
    name: str, now: datetime, zone: ZoneInfo, custom: tuple[date, date] | Exact | None = None
) -> Window:
    """The range of that name as of now; unknown names and open customs are the default."""
    if name == "custom" and isinstance(custom, Exact):
        return _exact(custom, now, zone)
    local = now.astimezone(zone).replace(second=0, microsecond=0)
    today = _midnight(local.date(), zone)
    if name == "today":
        return _shifted(
            today, None, local, 1, "today so far", f"yesterday to {formats.clock(local)}"
        )
    if name == "yesterday":
        start = _back(today, 1)
        return _shifted(start, today, local, 1, "yesterday", "the day before")
    if name == "24h":
        start = (_utc(local) - timedelta(hours=23)).astimezone(zone).replace(minute=0)
        return _shifted(start, None, local, 1, "last 24 hours", "the 24 hours before")
    if name == "month":
        return _month_so_far(local)
    if name == "last_month":
        end = today.replace(day=1)
        start, before = _month_before(end), _month_before(_month_before(end))
        return Window(start, end, end, before, start, f"{start:%B %Y}", f"{before:%B %Y}", zone)
    if name == "custom" and custom:
        return _custom(custom, local)
    days = _DAYS.get(name, _DAYS[DEFAULT_RANGE])
    start = _back(today, days - 1)
    return _shifted(start, None, local, days, f"last {days} days", f"the previous {days} days")


def _exact(between: Exact, now: datetime, zone: ZoneInfo) -> Window:
    """From one instant to another, compared with as much time just before.

    One that began and has not ended is compared with as much as has passed of it.
    """
    first, last = _utc(between.start), _utc(between.end)
    running = first < _utc(now) < last
    until = _utc(now) if running else last
    before = first - (last - first)
    return Window(
        start=first.astimezone(zone),
        end=None if running else last.astimezone(zone),
        until=until.astimezone(zone),
        before_start=before.astimezone(zone),
        before_end=(before + (until - first)).astimezone(zone),
        label=_from_to(first.astimezone(zone), last.astimezone(zone)),
        before_label=f"the {_lasting(last - first)} before",
        zone=zone,
        exact=True,
    )


def _from_to(start: datetime, end: datetime, *, year: bool = False) -> str:
    """Two moments of one zone; the second has a day only if it is another one."""
    seconds = bool(start.second or end.second)
    clocks = [f"{at:%H:%M:%S}" if seconds else formats.clock(at) for at in (start, end)]
    if start.utcoffset() != end.utcoffset():  # else 02:30 to 02:30, when clocks are set back
        clocks = [
            f"{clock} {formats.offset(at)}" for clock, at in zip(clocks, (start, end), strict=True)
        ]
    day = "" if end.date() == start.date() else f"{formats.day(end, year=year)} "
    return f"{formats.day(start, year=year)} {clocks[0]} to {day}{clocks[1]}"


def _lasting(stretch: timedelta) -> str:
    """A length in the largest unit that it is whole in."""
    seconds = round(stretch.total_seconds())
    for unit, noun in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % unit == 0:
            number = seconds // unit
            return noun if number == 1 else formats.count(number, noun)
    return formats.count(seconds, "second") if seconds < 60 else formats.duration(seconds * 10**9)


def _shifted(
    start: datetime, end: datetime | None, now: datetime, days: int, label: str, before: str
) -> Window:
    until = end or now
    zone = _zone_of(now)
    return Window(start, end, until, _back(start, days), _back(until, days), label, before, zone)


def _custom(days: tuple[date, date], now: datetime) -> Window:
    first, last = min(days), max(days)
    zone = _zone_of(now)
    start = _midnight(first, zone)
    end = _midnight(last + timedelta(days=1), zone)
    length = (last - first).days + 1
    label = formats.day(start) if first == last else f"{formats.day(start)} to {last.day} {last:%b}"
    before = "the day before" if length == 1 else f"the previous {length} days"
    running = start < now < end
    return _shifted(start, None if running else end, now, length, label, before)


def _month_so_far(now: datetime) -> Window:
    start = now.replace(day=1, hour=0, minute=0)
    before = _month_before(start)
    latest = start - timedelta(days=1)
    before_end = now.replace(year=latest.year, month=latest.month, day=min(now.day, latest.day))
    label = f"{before:%B} to the same day and time"
    return Window(start, None, now, before, before_end, "this month", label, _zone_of(now))


def _month_before(first: datetime) -> datetime:
    return (first - timedelta(days=1)).replace(day=1)


def _back(moment: datetime, days: int) -> datetime:
    return moment - timedelta(days=days)


def _midnight(when: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(when, time(), zone)


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc)


def _zone_of(moment: datetime) -> ZoneInfo:
    if not isinstance(moment.tzinfo, ZoneInfo):
        message = "a window is made in a named time zone"
        raise TypeError(message)
    return moment.tzinfo
