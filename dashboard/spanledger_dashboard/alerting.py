"""What the collector tells of alerts, rules and budgets; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

__all__ = ["Alert", "Budget", "Event", "Only", "Planned", "Rule", "Tested", "Tried", "families"]

_SEVERITIES = ("critical", "warning", "info")

Only = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Alert:
    """One alert: a rule, a group, and one episode of trouble."""

    id: str
    rule: str
    kind: str
    dimension: str
    value: str
    state: str
    severity: str
    pending_since: datetime
    fired_at: datetime | None
    resolved_at: datetime | None
    bad_since: datetime
    window_start: datetime
    window_end: datetime
    observed: float
    expected: float | None
    low: float | None
    high: float | None
    unit: str
    excess_usd: Decimal
    peak_usd: Decimal
    told: int
    acked_at: datetime | None
    acked_by: str | None
    snoozed_until: datetime | None
    snoozed_by: str | None
    feedback: str | None
    title: str | None
    message: Mapping[str, Any]
    unsent: int
    send_error: str | None
    parent_id: str | None
    """The alert that tells this one already."""

    @property
    def is_open(self) -> bool:
        """It is not over."""
        return self.state != "resolved"


class Event(NamedTuple):
    """Something that happened to an alert."""

    at: datetime
    alert_id: str
    rule: str
    dimension: str
    value: str
    event: str
    severity: str
    actor: str
    remark: str | None
    excess_usd: Decimal


class Rule(NamedTuple):
    """A rule in force."""

    name: str
    kind: str
    by: str
    severity: str
    only: Mapping[str, list[str]]
    channels: tuple[str, ...]
    options: Mapping[str, Any]
    own: bool
    """It stands in the settings."""
    judged: int = 0
    """Groups that were looked at last."""
    left_out: int = 0
    """Groups beyond those, which matter less."""
    trouble: str | None = None
    """Why nobody knows whether it fires."""


class Budget(NamedTuple):
    """A budget and where it stands."""

    name: str
    period: str
    start: datetime
    end: datetime
    as_of: datetime
    usd: Decimal
    spent_usd: Decimal
    left_usd: Decimal
    used: float
    forecast_usd: Decimal | None
    run_out_at: datetime | None
    thresholds: tuple[float, ...]
    only: Only
    by: str = "none"
    """The dimension each of whose values has this budget for itself."""
    value: str = ""

    @property
    def shown(self) -> str:
        """Its name, and whose it is."""
        return self.name if self.by == "none" else f"{self.name} ({self.value})"


class Planned(NamedTuple):
    """Work that was known beforehand: its calls do not fire."""

    name: str
    start: datetime
    end: datetime
    only: Mapping[str, list[str]]


class Tested(NamedTuple):
    """What came of a test message."""

    channel: str
    sent: bool
    error: str | None


class Tried(NamedTuple):
    """What a rule would have told."""

    rule: str
    start: datetime
    end: datetime
    series: int
    episodes: list[dict[str, Any]]

    @property
    def messages(self) -> int:
        """How many messages it would have sent."""
        return sum(int(each["messages"]) for each in self.episodes)


def families(alerts: Sequence[Alert]) -> list[tuple[Alert, list[Alert]]]:
    """Each alert that stands for itself, with those that it tells already.

    One whose parent is not among the alerts stands for itself. The most severe and the dearest come
    first: a loop of dollars before one of cents that began later.
    """
    known = {alert.id: alert for alert in alerts}
    found: dict[str, tuple[Alert, list[Alert]]] = {}
    for alert in alerts:
        top, seen = alert, {alert.id}
        while top.parent_id in known and top.parent_id not in seen:
            top = known[top.parent_id]
            seen.add(top.id)
        _, parts = found.setdefault(top.id, (top, []))
        if top is not alert:
            parts.append(alert)
    return sorted(found.values(), key=lambda each: (_rank(each[0]), -each[0].excess_usd))


def _rank(alert: Alert) -> int:
    return _SEVERITIES.index(alert.severity) if alert.severity in _SEVERITIES else len(_SEVERITIES)
