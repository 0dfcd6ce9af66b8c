"""What a link says of the two ends of a range, and back; pure.

An end is a day, or an instant as text: `2026-11-28T13:00Z`, with any offset from UTC; a time
without one is of the zone that the page is shown in. A last day is inside the range, a last instant
is not.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import TypeAlias
from zoneinfo import ZoneInfo

from spanledger_dashboard.windows import Exact

__all__ = ["BadWindow", "End", "instants", "read", "written"]

End: TypeAlias = "date | str | None"

EXAMPLE = "2026-11-28T13:00Z"
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{3}(\d{3})?)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_MOST_LETTERS = 64
_YEARS = range(2000, 2200)


class BadWindow(ValueError):
    """Two ends that are no range; the text says why."""


def read(text: str | None) -> End:
    """An end as it stands in a link: a day, or whatever else it says."""
    if not text:
        return None
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-28") else text[:_MOST_LETTERS]
    except ValueError:
        return text[:_MOST_LETTERS]


def written(moment: datetime) -> str:
    """An instant as links have it."""
    utc = moment.astimezone(timezone.utc)
    rest = f".{utc:%f}" if utc.microsecond else ""
    seconds = f":{utc:%S}{rest}" if utc.second or rest else ""
    return f"{utc:%Y-%m-%dT%H:%M}{seconds}Z"


def instants(first: End, last: End, zone: ZoneInfo) -> Exact:
    """The instants that a range lies between.

    Raises:
        BadWindow: they do not say.
    """
    start, end = _instant("from", first, zone), _instant("to", last, zone)
    if isinstance(last, date):
        end = datetime.combine(last + timedelta(days=1), time(), zone)
    if start.astimezone(timezone.utc) >= end.astimezone(timezone.utc):
        message = f"“from” ({first}) has to be before “to” ({last})"
        raise BadWindow(message)
    return Exact(start, end)


def _instant(name: str, told: End, zone: ZoneInfo) -> datetime:
    if told is None:
        message = f"“{name}” is missing"
        raise BadWindow(message)
    if isinstance(told, date):
        return datetime.combine(told, time(), zone)
    moment = _parsed(told)
    if moment is None or moment.year not in _YEARS:
        message = f"“{name}” is {told!r}, which is no time such as {EXAMPLE}"
        raise BadWindow(message)
    return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)


def _parsed(text: str) -> datetime | None:
    text = text.replace(" ", "+")  # a + that an address lost
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
