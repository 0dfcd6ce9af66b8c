"""A rule replayed over history: what it would have told, and when; nothing is written."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from spanledger_collector.alerts.alert import Alert, Finding, Key, nothing_of
from spanledger_collector.alerts.instants import stamp
from spanledger_collector.alerts.judging import Judge
from spanledger_collector.alerts.lifecycle import Policy, step
from spanledger_collector.alerts.message import Place, title_of
from spanledger_collector.alerts.planned import Plan
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.unplanned import Unplanned
from spanledger_collector.settings import Rule
from spanledger_collector.store import Store

__all__ = ["Backtest", "Tried", "backtest"]

STEP = timedelta(hours=1)
FINE_STEP = timedelta(minutes=5)
"""For caps, which look at minutes."""
LEARN_EVERY_H = 24
"""What is usual hardly changes within a day, and learning it takes most of the time."""


class Backtest(NamedTuple):
    """Which rule, over how many days up to now."""

    rule: Rule
    days: int


class Message(NamedTuple):
    """A message that it would have sent."""

    at: datetime
    alert: Alert
    reason: str


class Tried(NamedTuple):
    """What it would have told."""

    rule: Rule
    start: datetime
    end: datetime
    series: int
    seconds: float
    episodes: list[Alert]
    messages: list[Message]

    def told(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {
            "rule": self.rule.name,
            "start": _stamp(self.start),
            "end": _stamp(self.end),
            "series": self.series,
            "seconds": round(self.seconds, 3),
            "episodes": [_episode(alert) for alert in self.episodes],
            "messages": [
                {
                    "at": _stamp(each.at),
                    "reason": each.reason,
                    "dimension": each.alert.dimension,
                    "value": each.alert.value,
                    "title": title_of(each.reason, each.alert),
                }
                for each in self.messages
            ],
        }


def backtest(store: Store, wanted: Backtest, place: Place, now: datetime, plan: Plan) -> Tried:
    """Replay a rule: hour by hour, caps every five minutes; without what was planned.

    Raises:
        StoreUnavailable: the ledger does not answer now.
    """
    begun = time.monotonic()
    judge = Judge(Reader(store), place.zone, LEARN_EVERY_H, Unplanned(store, plan))
    judge.learner.scopes = {wanted.rule.name: wanted.rule.scope}
    pace = FINE_STEP if wanted.rule.kind == "cap" else STEP
    moment = start = now - timedelta(days=wanted.days)
    story = _Story({}, [], [])
    policy = Policy(0.0, 3600 * wanted.rule.remind_hours)
    series = 0
    while moment <= now:
        judged = judge.judge(wanted.rule, moment)
        series = max(series, judged.series)
        story.goes_on(judged.findings, moment, policy)
        moment += pace
    open_ones = [alert for alert in story.alerts.values() if alert.is_open]
    found = sorted(story.ended + open_ones, key=lambda alert: alert.pending_since)
    seconds = time.monotonic() - begun
    return Tried(wanted.rule, start, now, series, seconds, found, story.messages)


class _Story(NamedTuple):
    """What has become of a rule's alerts."""

    alerts: dict[Key, Alert]
    ended: list[Alert]
    messages: list[Message]

    def goes_on(self, findings: list[Finding], now: datetime, policy: Policy) -> None:
        """Let every alert take a step."""
        found = {finding.key: finding for finding in findings}
        still = [key for key, alert in self.alerts.items() if alert.is_open and key not in found]
        for key in (*found, *still):
            finding = found.get(key) or nothing_of(self.alerts[key], now)
            taken = step(self.alerts.get(key), finding, now, policy)
            if taken is None:
                continue
            self.alerts[key] = taken.alert
            if taken.tell is not None:
                self.messages.append(Message(now, taken.alert, taken.tell))
            if not taken.alert.is_open:
                self.ended.append(taken.alert)


def _episode(alert: Alert) -> dict[str, Any]:
    return {
        "dimension": alert.dimension,
        "value": alert.value,
        "fired_at": _stamp(alert.fired_at),
        "resolved_at": _stamp(alert.resolved_at),
        "bad_since": _stamp(alert.bad_since),
        "severity": alert.severity,
        "window_start": _stamp(alert.window_start),
        "window_end": _stamp(alert.window_end),
        "observed": alert.observed,
        "expected": alert.expected,
        "excess_usd": f"{alert.peak_usd:f}",
        "messages": alert.told,
    }


def _stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
