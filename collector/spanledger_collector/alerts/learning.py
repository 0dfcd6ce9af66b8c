"""What groups usually do: learned when an hour is over, or much came late, and kept till then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

import numpy as np

from spanledger_collector.alerts.detect import cap
from spanledger_collector.alerts.detect.profile import Profile, fit
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Hourly, Interval
from spanledger_collector.alerts.reading import DAYS, Hours, Reader, Stretch, Window, epoch
from spanledger_collector.alerts.rules import Scope
from spanledger_collector.settings import CapRule, Watched

__all__ = ["Learned", "Learner"]

_MORE = 1.01
"""So many times the requests of closed hours are too many late ones: learn anew."""


class Learned(NamedTuple):
    """What groups used in the last four weeks, and what of that is usual."""

    hours: Hours
    profile: Profile | None


class Learner:
    """Learns of one ledger.

    Args:
        unplanned: asks it, for what was not planned.
        zone: whose clock people live by.
        every_h: after how many hours to learn anew.
    """

    def __init__(self, unplanned: Reader, zone: tzinfo, every_h: int = 1) -> None:
        self._reader = unplanned
        self._zone = zone
        self._every_h = every_h
        self._learned: dict[str, tuple[int, float, Learned]] = {}
        self._caps: dict[str, tuple[Profile, cap.Learned]] = {}
        self.scopes: Mapping[str, Scope] = {}
        """Which calls rules by these names count: an alert of theirs is one of those calls."""

    def learn(self, watched: Watched, by: str, now: datetime) -> Learned:
        """What groups used in the last four weeks, and what of that is usual."""
        end_hour = epoch(now) // HOUR
        end_hour -= end_hour % self._every_h
        what = f"{by} {sorted(watched.scope.items())}"
        requests = self._reader.known(watched.scope, end_hour, DAYS * 24)
        known = self._learned.get(what)
        if known is not None and known[0] == end_hour and requests <= _MORE * known[1]:
            return known[2]
        hours = self._reader.hours(watched.scope, by, end_hour, DAYS * 24)
        profile = None
        if hours.names:
            intervals = self._intervals(watched.scope, by, now)
            excluded = [intervals.get(name, []) for name in hours.names]
            served = np.maximum(hours.measures["calls"] - hours.measures["errors"], 0.0)
            history = Hourly(hours.start_hour, hours.measures["usd"], served)
            profile = fit(history, self._zone, excluded)
        learned = Learned(hours, profile)
        self._learned[what] = (end_hour, requests, learned)
        return learned

    def caps(self, rule: CapRule, now: datetime, window: Window) -> Doubles:
        """What is too much for each group, by what it cost in the last two weeks."""
        hours, profile = self.learn(rule, rule.by, now)
        rows = {name: row for row, name in enumerate(hours.names)}
        caps = np.full(len(window.names), cap.YOUNG_USD)
        known = np.array([name in rows for name in window.names], np.bool_)
        if profile is None or not known.any():
            return caps
        learned = self._limits(rule, now, hours, profile)
        places = [rows[name] for name in window.names if name in rows]
        mine = cap.Learned(*(table[places] for table in learned))
        caps[known] = mine.of(window.measures["requests"][known])
        return caps

    def _limits(self, rule: CapRule, now: datetime, hours: Hours, profile: Profile) -> cap.Learned:
        what = f"{rule.minutes} {rule.floor_usd} {rule.by} {sorted(rule.scope.items())}"
        held = self._caps.get(what)
        if held is not None and held[0] is profile:
            return held[1]
        step_s, end = 60 * rule.minutes, (hours.start_hour + DAYS * 24) * HOUR
        start = end - cap.DAYS * 24 * HOUR
        odd = self._intervals(rule.scope, rule.by, now, ("spike", "cap"))
        without = [Stretch(name, *each) for name, found in odd.items() for each in found]
        without += self._reader.planned(rule.scope, rule.by, start, end)
        found = self._reader.dearest(rule.scope, rule.by, start, cap.DAYS, step_s, without)
        places = {name: row for row, name in enumerate(found.names)}
        days = cap.Days(*(np.zeros((len(hours.names), cap.DAYS)) for _ in range(2)))
        for row, name in enumerate(hours.names):
            if name in places:
                days.usd[row], days.calls[row] = found.usd[places[name]], found.calls[places[name]]
        limits = cap.learned(profile, days, rule.floor_usd, step_s)
        self._caps[what] = profile, limits
        return limits

    def _intervals(
        self, scope: Scope, by: str, now: datetime, kinds: Sequence[str] = ("spike",)
    ) -> dict[str, list[Interval]]:
        """When groups of these calls were out of the ordinary, by whichever rule."""
        found: dict[str, list[Interval]] = {}
        for key, stretches in self._reader.intervals(now, kinds).items():
            if key.dimension == by and self.scopes.get(key.rule, {}) == scope:
                found.setdefault(key.value, []).extend(stretches)
        return found

    def forget(self) -> None:
        """Learn anew at the next judgement: what is an example has changed."""
        self._learned.clear()
