"""When planned work takes place: its intervals by the clock that people live by; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from spanledger_collector.alerts.rules import Scope
from spanledger_collector.settings import Planned
from spanledger_collector.settings._planned import DAYS

__all__ = ["Occurrence", "Plan"]


class Occurrence(NamedTuple):
    """One time that planned work takes place, by epoch seconds."""

    name: str
    only: Scope
    first: int
    last: int

    def covers(self, scope: Scope) -> bool:
        """Whether all calls of a scope are planned then."""
        return all(
            name in scope and set(scope[name]) <= set(values) for name, values in self.only.items()
        )

    def covered(self, only: Scope, dimension: str) -> list[str | None]:
        """Which of a rule's groups have no other calls; None stands for all of them."""
        missing = [
            name
            for name, values in self.only.items()
            if name not in only or not set(only[name]) <= set(values)
        ]
        if not missing:
            return [None]
        return list(self.only[dimension]) if missing == [dimension] else []


class Plan:
    """All planned work.

    Args:
        planned: what the settings say.
        zone: whose clock it goes by unless it says otherwise.
    """

    def __init__(self, planned: Sequence[Planned], zone: tzinfo) -> None:
        self._planned = [
            (each, ZoneInfo(each.time_zone) if each.time_zone else zone) for each in planned
        ]

    def between(self, first: int, last: int) -> list[Occurrence]:
        """What takes place between two epoch seconds, the earliest first."""
        found = [
            Occurrence(each.name, each.scope, *stretch)
            for each, zone in self._planned
            for stretch in _stretches(each, zone, first, last)
            if stretch[0] < last and stretch[1] > first
        ]
        return sorted(found, key=lambda each: (each.first, each.name))


def _stretches(planned: Planned, zone: tzinfo, first: int, last: int) -> Iterator[tuple[int, int]]:
    start, end = planned.start, planned.end
    if isinstance(start, datetime) and isinstance(end, datetime):
        yield _epoch(start, zone), _epoch(end, zone)
        return
    assert isinstance(start, time)  # the settings have two of a kind
    assert isinstance(end, time)
    over_midnight = timedelta(days=int(end <= start))
    day = datetime.fromtimestamp(first, zone).date() - timedelta(days=1)
    until = datetime.fromtimestamp(last, zone).date()
    while day <= until:
        if not planned.days or DAYS[day.weekday()] in planned.days:
            ends = datetime.combine(day + over_midnight, end)
            yield _epoch(datetime.combine(day, start), zone), _epoch(ends, zone)
        day += timedelta(days=1)


def _epoch(at: datetime, zone: tzinfo) -> int:
    return int((at if at.tzinfo else at.replace(tzinfo=zone)).timestamp())
