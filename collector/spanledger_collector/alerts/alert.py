"""What an alert is: one row for each rule, group and episode; pure."""

from __future__ import annotations

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

__all__ = [
    "OPEN_STATES",
    "SEVERITIES",
    "Alert",
    "Event",
    "Finding",
    "Key",
    "alert_id",
    "nothing_of",
]

SEVERITIES = ("info", "warning", "critical")
OPEN_STATES = frozenset({"pending", "firing", "recovering"})


class Key(NamedTuple):
    """Which rule, about which group."""

    rule: str
    dimension: str = "none"
    value: str = ""
    """The group's value of that dimension; nothing when the rule has no groups."""


class Finding(NamedTuple):
    """What a rule says of a group now. Times are naive UTC, as everywhere in the ledger."""

    key: Key
    kind: str
    bad: bool
    severe: bool
    """So far out that one judgement is enough."""
    severity: str
    level: int
    """Steps of severity, finer than the word: a rise is told."""
    window_start: datetime
    window_end: datetime
    observed: float
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    unit: str
    """`usd`, `share`, `calls` or `minutes`."""
    excess_usd: Decimal
    reason: str
    keep_s: float
    """How long it has to be good until it is over."""
    grows: bool = True
    """Whether twice the excess is worth telling."""
    bad_since: datetime | None = None
    """When it began, where that is known better than by the window."""
    known: bool = True
    """Whether enough is known to say anything; if not, an alert stays as it is."""


class Alert(NamedTuple):
    """A row of `alerts`."""

    alert_id: str
    rule: str
    kind: str
    dimension: str
    value: str
    episode: int
    state: str
    severity: str
    level: int
    pending_since: datetime
    fired_at: datetime | None
    last_bad_at: datetime
    good_since: datetime | None
    """Since when it has been good, less the time in which nobody looked."""
    last_good_at: datetime | None
    """When somebody last found it good."""
    resolved_at: datetime | None
    bad_since: datetime
    window_start: datetime
    window_end: datetime
    observed: float
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    unit: str
    excess_usd: Decimal
    peak_usd: Decimal
    reason: str
    keep_s: float
    parent_id: str | None
    told: int
    """How often something was told."""
    told_at: datetime | None
    told_level: int
    told_usd: Decimal
    acked_at: datetime | None
    acked_by: str | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    feedback: str | None
    held: bool
    """Resolved by hand while bad: no new episode until it was good once, or has doubled."""
    message: str | None
    """What was told last, as JSON."""
    revision: int

    @property
    def key(self) -> Key:
        """Which rule, about which group."""
        return Key(self.rule, self.dimension, self.value)

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state in OPEN_STATES


class Event(NamedTuple):
    """A row of `alert_events`: what happened to an alert, and who did it."""

    alert_id: str
    revision: int
    happened_at: datetime
    event: str
    state: str
    severity: str
    actor: str
    note: str | None
    observed: float
    expected: float | None
    excess_usd: Decimal


def alert_id(key: Key, episode: int, since: datetime) -> str:
    """Never the same again: episodes are counted anew once the last one is no longer kept."""
    text = "\x1f".join((*key, str(episode), since.isoformat()))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def nothing_of(alert: Alert, now: datetime) -> Finding:
    """What is found of a group without calls."""
    return Finding(
        key=alert.key,
        kind=alert.kind,
        bad=False,
        severe=False,
        severity=alert.severity,
        level=alert.level,
        window_start=now - (alert.window_end - alert.window_start),
        window_end=now,
        observed=0.0,
        expected=alert.expected,
        expected_low=alert.expected_low,
        expected_high=alert.expected_high,
        unit=alert.unit,
        excess_usd=alert.excess_usd * 0,
        reason="no_calls",
        keep_s=alert.keep_s,
    )
