"""The one state machine: an alert, what its rule finds now, and what becomes of it; pure.

    normal → pending → firing → recovering → resolved

Everything goes by the clock and never by a count of judgements, so that a second judge, or one
that looks twice, changes nothing.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from spanledger_collector.alerts.alert import Alert, Event, Finding, alert_id

__all__ = ["JUDGE", "MAX_SNOOZE_H", "Action", "Policy", "Refused", "Step", "act", "step"]

JUDGE = "spanledger"
"""Who did it, when nobody did."""


class Policy(NamedTuple):
    """How patient a rule is."""

    pending_s: float
    """How long it has to be bad unless it is severe."""
    remind_s: float
    gap_s: float = math.inf
    """Longer between two judgements, nobody knows what was: that time was not good."""


class Step(NamedTuple):
    """What one judgement makes of an alert."""

    alert: Alert
    events: tuple[Event, ...]
    tell: str | None
    """Why a message is due: `opened`, `escalated`, `grown`, `reminder` or `resolved`."""
    based_on: int
    """The revision that was looked at; 0 when there was no alert."""


def step(
    alert: Alert | None, finding: Finding, now: datetime, policy: Policy, parent: str | None = None
) -> Step | None:
    """Take one step; None when nothing changes that is worth a row.

    Args:
        alert: the newest episode of the finding's key, if there ever was one.
        finding: what the rule says now.
        now: naive UTC.
        policy: how patient the rule is.
        parent: the alert that explains this one, by which nothing is told of it.
    """
    if not finding.known:
        return _unknown(alert, finding, now)
    if alert is None or not alert.is_open:
        return _opened(alert, finding, now, policy, parent)
    if finding.bad:
        return _still_bad(alert, finding, now, policy, parent)
    return _good(alert, finding, now, policy)


def _unknown(alert: Alert | None, finding: Finding, now: datetime) -> Step | None:
    """Nothing is known: what is open stays open, and says so once."""
    if alert is None or not alert.is_open or alert.reason == finding.reason:
        return None
    unseen = _next(alert, reason=finding.reason)
    return Step(unseen, (_event(unseen, now, "unknown"),), None, alert.revision)


def _opened(
    last: Alert | None, finding: Finding, now: datetime, policy: Policy, parent: str | None
) -> Step | None:
    if last is not None and last.held:
        if not finding.bad:
            return Step(_next(last, held=False), (), None, last.revision)
        if not _has_grown(last.excess_usd, last.level, finding):
            return None
    if not finding.bad:
        return None
    episode = 1 if last is None else last.episode + 1
    alert = _new(finding, episode, now)
    events: tuple[Event, ...] = (_event(alert, now, "pending"),)
    if finding.severe or policy.pending_s <= 0:
        return _fire(alert, now, parent, 0, events)
    return Step(alert, events, None, 0)


def _still_bad(
    alert: Alert, finding: Finding, now: datetime, policy: Policy, parent: str | None
) -> Step | None:
    seen = _seen(alert, finding, now)
    if alert.state == "pending":
        waited = (now - alert.pending_since).total_seconds()
        if finding.severe or waited >= policy.pending_s:
            return _fire(seen, now, parent, alert.revision, ())
        return Step(seen, (), None, alert.revision)
    events: list[Event] = []
    if alert.state == "recovering":
        seen = seen._replace(state="firing", good_since=None)
        events.append(_event(seen, now, "fired"))
    seen = seen._replace(parent_id=parent if alert.told == 0 else None)
    tell = _worth_telling(seen, finding, now, policy) if parent is None or alert.told else None
    if alert.told == 0 and parent is not None and alert.parent_id is None:
        events.append(_event(seen, now, "inhibited", note=parent))
    if tell is not None:
        return _told(seen, now, tell, alert.revision, tuple(events))
    return Step(seen, tuple(events), None, alert.revision)


def _good(alert: Alert, finding: Finding, now: datetime, policy: Policy) -> Step | None:
    if alert.state == "pending":
        over = _next(alert, state="resolved", resolved_at=now)
        return Step(over, (_event(over, now, "dropped"),), None, alert.revision)
    since = _good_since(alert, now, policy)
    good = _next(alert, good_since=since, last_good_at=now, reason=finding.reason)
    if (now - since).total_seconds() >= alert.keep_s:
        over = good._replace(state="resolved", resolved_at=now)
        events = (_event(over, now, "resolved"),)
        if alert.told:
            return _told(over, now, "resolved", alert.revision, events, is_next=True)
        return Step(over, events, None, alert.revision)
    if alert.state == "recovering":
        return None if alert.last_good_at == now else Step(good, (), None, alert.revision)
    better = good._replace(
        state="recovering",
        observed=finding.observed,
        window_start=finding.window_start,
        window_end=finding.window_end,
    )
    return Step(better, (_event(better, now, "recovering"),), None, alert.revision)


def _good_since(alert: Alert, now: datetime, policy: Policy) -> datetime:
    """Since when it has been good: later by the time in which nobody looked."""
    if alert.good_since is None or alert.last_good_at is None:
        return now
    unseen = now - alert.last_good_at
    return alert.good_since + (unseen if unseen.total_seconds() > policy.gap_s else timedelta())


def _fire(
    alert: Alert, now: datetime, parent: str | None, based_on: int, events: tuple[Event, ...]
) -> Step:
    fired = alert._replace(state="firing", fired_at=now, parent_id=parent)
    events = (*events, _event(fired, now, "fired"))
    if parent is not None:
        return Step(fired, (*events, _event(fired, now, "inhibited", note=parent)), None, based_on)
    return _told(fired, now, "opened", based_on, events)


def _worth_telling(alert: Alert, finding: Finding, now: datetime, policy: Policy) -> str | None:
    if alert.snoozed_until is not None and now < alert.snoozed_until:
        return None
    if alert.told == 0:
        return "opened"
    if finding.level > alert.told_level:
        return "escalated"
    if _has_doubled(alert.told_usd, finding):
        return "grown"
    told_at = alert.told_at or now
    if alert.snoozed_until is not None and told_at < alert.snoozed_until <= now:
        return "reminder"
    if alert.acked_at is None and (now - told_at).total_seconds() >= policy.remind_s:
        return "reminder"
    return None


def _told(
    alert: Alert,
    now: datetime,
    reason: str,
    based_on: int,
    events: tuple[Event, ...],
    *,
    is_next: bool = False,
) -> Step:
    told = alert._replace(
        told=alert.told + 1,
        told_at=now,
        told_level=alert.level,
        told_usd=max(alert.excess_usd, alert.told_usd) if is_next else alert.excess_usd,
    )
    named = {"opened": "told", "resolved": "told"}.get(reason, reason)
    return Step(told, (*events, _event(told, now, named)), reason, based_on)


def _has_grown(excess: Decimal, level: int, finding: Finding) -> bool:
    return finding.level > level or _has_doubled(excess, finding)


def _has_doubled(excess: Decimal, finding: Finding) -> bool:
    """Twice as much beyond the limit, and half of the limit more: cents above a cap double soon."""
    if not (finding.grows and 0 < 2 * excess <= finding.excess_usd):
        return False
    limit = finding.expected if finding.unit == "usd" and finding.expected else 0.0
    return 2 * float(finding.excess_usd - excess) >= limit


def _new(finding: Finding, episode: int, now: datetime) -> Alert:
    return Alert(
        alert_id=alert_id(finding.key, episode, now),
        rule=finding.key.rule,
        kind=finding.kind,
        dimension=finding.key.dimension,
        value=finding.key.value,
        episode=episode,
        state="pending",
        severity=finding.severity,
        level=finding.level,
        pending_since=now,
        fired_at=None,
        last_bad_at=now,
        good_since=None,
        last_good_at=None,
        resolved_at=None,
        bad_since=finding.bad_since or finding.window_start,
        window_start=finding.window_start,
        window_end=finding.window_end,
        observed=finding.observed,
        expected=finding.expected,
        expected_low=finding.expected_low,
        expected_high=finding.expected_high,
        unit=finding.unit,
        excess_usd=finding.excess_usd,
        peak_usd=finding.excess_usd,
        reason=finding.reason,
        keep_s=finding.keep_s,
        parent_id=None,
        told=0,
        told_at=None,
        told_level=-1,
        told_usd=Decimal(0),
        acked_at=None,
        acked_by=None,
        snoozed_until=None,
        snoozed_by=None,
        feedback=None,
        held=False,
        message=None,
        revision=1,
    )


def _seen(alert: Alert, finding: Finding, now: datetime) -> Alert:
    """The alert with what is found now."""
    return _next(
        alert,
        severity=finding.severity,
        level=finding.level,
        last_bad_at=now,
        window_start=finding.window_start,
        window_end=finding.window_end,
        observed=finding.observed,
        expected=finding.expected,
        expected_low=finding.expected_low,
        expected_high=finding.expected_high,
        excess_usd=finding.excess_usd,
        peak_usd=max(alert.peak_usd, finding.excess_usd),
        reason=finding.reason,
        bad_since=min(alert.bad_since, finding.bad_since or alert.bad_since),
    )


def _next(alert: Alert, **changes: object) -> Alert:
    return alert._replace(revision=alert.revision + 1, **changes)  # type: ignore[arg-type]  # by name


def _event(
    alert: Alert, now: datetime, event: str, *, actor: str = JUDGE, note: str | None = None
) -> Event:
    return Event(
        alert_id=alert.alert_id,
        revision=alert.revision,
        happened_at=now,
        event=event,
        state=alert.state,
        severity=alert.severity,
        actor=actor,
        note=note,
        observed=alert.observed,
        expected=alert.expected,
        excess_usd=alert.excess_usd,
    )


class Refused(Exception):
    """An alert that cannot be dealt with like this; the message says why."""


MAX_SNOOZE_H = 24 * 366


class Action(NamedTuple):
    """What a person does to an alert."""

    name: str
    actor: str
    note: str | None = None
    hours: float | None = None
    feedback: str | None = None


def act(alert: Alert, action: Action, now: datetime) -> Step:
    """Do what a person wants done.

    Raises:
        Refused: it makes no sense for this alert.
    """
    if not alert.is_open and action.name != "feedback":
        raise Refused(f"The alert is over since {alert.resolved_at:%Y-%m-%d %H:%M} UTC.")
    after = _next(alert, **_changed_by(action, now))
    names = {"ack": "acked", "snooze": "snoozed", "resolve": "resolved"}
    name = names.get(action.name, action.name)
    event = _event(after, now, name, actor=action.actor, note=_noted(action))
    if action.name == "resolve" and alert.told:
        return _told(after, now, "resolved", alert.revision, (event,), is_next=True)
    return Step(after, (event,), None, alert.revision)


def _changed_by(action: Action, now: datetime) -> dict[str, object]:
    if action.name == "ack":
        return {"acked_at": now, "acked_by": action.actor}
    if action.name == "unack":
        return {"acked_at": None, "acked_by": None}
    if action.name == "snooze":
        until = now + timedelta(hours=action.hours or 0)
        return {"snoozed_until": until, "snoozed_by": action.actor}
    if action.name == "unsnooze":
        return {"snoozed_until": None, "snoozed_by": None}
    if action.name == "resolve":
        return {"state": "resolved", "resolved_at": now, "held": True}
    return {"feedback": action.feedback}


def _noted(action: Action) -> str | None:
    said = {"snooze": f"{action.hours} h", "feedback": action.feedback}.get(action.name)
    return ": ".join(filter(None, (said, action.note))) or None
