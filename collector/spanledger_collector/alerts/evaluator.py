"""One judgement: rules are judged, alerts take a step, messages are queued; all of it atomic.

It reads from any thread and writes by the writer's, where what was read meanwhile is checked.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import orjson

from spanledger_collector.alerts.alert import Alert, Event, Finding, Key, nothing_of
from spanledger_collector.alerts.budgets import PREFIX, BudgetStatus, budget_findings, left_of
from spanledger_collector.alerts.facts import Gatherer
from spanledger_collector.alerts.judged import Judgements, RuleState
from spanledger_collector.alerts.judging import Judge, Judged
from spanledger_collector.alerts.ledger import Send, newest_alerts, notes_of
from spanledger_collector.alerts.lifecycle import Action, Policy, Step, act, step
from spanledger_collector.alerts.message import Place, document
from spanledger_collector.alerts.planned import Plan
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.relatives import Relatives
from spanledger_collector.alerts.rules import Scope, channels_of, rules_in_force, scope_of
from spanledger_collector.alerts.unplanned import Unplanned
from spanledger_collector.settings import AlertsSettings, Budget, Rule, Watched
from spanledger_collector.store import AlertNotes, Store

__all__ = ["Evaluator", "Outcome", "Run"]

Run = Callable[[Callable[[], Any]], "Future[Any]"]
"""Does something on the thread that writes."""

COMMIT_PATIENCE_S = 60.0
MOST_IN_FULL = 50
"""Messages of one judgement; with more, drivers and traces of each would keep it for minutes."""
_PENDING_SHARE = 0.5
"""Of the interval between judgements: what is bad at two of them in a row fires."""

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What one judgement came to."""

    firing: int
    pending: int
    changed: int
    """Alerts that are entered anew."""
    told: int
    series: int
    seconds: float
    left_out: int = 0
    """Groups that were not judged, as there are too many."""
    failed: tuple[str, ...] = ()
    """Rules and budgets that could not be judged; their alerts stayed as they were."""


class _Found(NamedTuple):
    """What all rules and budgets found."""

    findings: list[Finding]
    states: dict[str, RuleState]
    """By the name that their alerts have."""

    @property
    def failed(self) -> tuple[str, ...]:
        return tuple(name for name, state in self.states.items() if state.trouble is not None)


class Evaluator:
    """Judges all rules and budgets of one ledger.

    Args:
        store: the ledger, from which is read.
        run: how to write to it.
        alerts: rules and channels.
        budgets: what may be spent.
        gatherer: finds what messages tell.
        place: whose clock, and where the dashboard is.
        judgements: is told what each judgement came to.
        plan: work that is known beforehand.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        alerts: AlertsSettings,
        budgets: Sequence[Budget],
        gatherer: Gatherer,
        place: Place,
        judgements: Judgements,
        plan: Plan,
    ) -> None:
        self._store = store
        self._run = run
        self._alerts = alerts
        self._budgets = sorted(
            (budget for budget in budgets if budget.enabled), key=lambda budget: budget.by != "none"
        )  # what tells first may explain what its groups would
        self._gatherer = gatherer
        self._place = place
        self._reader = Reader(store)
        unplanned = Unplanned(store, plan)
        self._judge = Judge(self._reader, place.zone, unplanned=unplanned)
        self.rules: tuple[Rule, ...] = rules_in_force(alerts)
        self._judge.learner.scopes = {name: each.scope for name, each in self.watched.items()}
        self.statuses: tuple[BudgetStatus, ...] = ()
        """Where the budgets stand, as of the last judgement."""
        self._judgements = judgements

    @property
    def watched(self) -> dict[str, Watched]:
        """Every rule and budget, by the name that its alerts have."""
        named: dict[str, Watched] = {rule.name: rule for rule in self.rules}
        return named | {PREFIX + budget.name: budget for budget in self._budgets}

    def evaluate(self, now: datetime) -> Outcome:
        """Judge everything once.

        Raises:
            StoreUnavailable: the ledger does not answer or cannot commit now; nothing is lost, as
                the next judgement sees the same.
            QueueFull: the writer is closing.
        """
        begun = time.monotonic()
        found = self._findings(now)
        known = newest_alerts(self._store)
        round_ = _Round(self, known, now)
        for finding in found.findings:
            round_.take(finding)
        round_.end_orphans(found)
        hour = now.replace(minute=0, second=0, microsecond=0)
        stale = self._commit(round_.notes(), hour)
        after = {**known, **{alert.key: alert for alert, _ in round_.changed}}
        states = [alert.state for alert in after.values()]
        self._judgements.succeed(now, found.states)
        return Outcome(
            firing=sum(state in {"firing", "recovering"} for state in states),
            pending=states.count("pending"),
            changed=len(round_.changed) - len(stale),
            told=round_.told,
            series=sum(state.series for state in found.states.values()),
            seconds=time.monotonic() - begun,
            left_out=sum(state.left_out for state in found.states.values()),
            failed=found.failed,
        )

    def act(self, alert: Alert, action: Action, now: datetime) -> Alert | None:
        """Do what a person wants done; None when the alert changed meanwhile.

        Raises:
            Refused: it makes no sense for this alert.
            StoreUnavailable: the ledger cannot commit now.
        """
        taken = act(alert, action, now)
        round_ = _Round(self, {}, now)
        round_.enter(taken)
        stale = self._commit(round_.notes(), None)
        if action.name == "feedback":
            self._judge.learner.forget()
        return None if stale else round_.changed[0][0]

    def scope(self, alert: Alert | Finding) -> Scope:
        """The calls that an alert or a finding is about."""
        key = alert.key
        watched = self.watched.get(key.rule)
        return scope_of(watched.scope if watched else {}, key.dimension, key.value)

    def _findings(self, now: datetime) -> _Found:
        """What each rule and budget finds; one that breaks takes no other with it.

        Raises:
            StoreUnavailable: none of them could be judged.
        """
        found = _Found([], {})
        statuses: list[BudgetStatus] = []

        def budget(wanted: Budget) -> Judged:
            found, judged = budget_findings(wanted, self._judge, now)
            statuses.extend(found)
            return judged if self._alerts.enabled else judged._replace(findings=[])

        work: dict[str, Callable[[], Judged]] = {}
        for rule in self.rules:
            work[rule.name] = partial(self._judge.judge, rule, now)
        for wanted in self._budgets:
            work[PREFIX + wanted.name] = partial(budget, wanted)
        errors = [self._note(found, name, judged) for name, judged in work.items()]
        if errors and None not in errors:
            raise next(filter(None, errors))
        self.statuses = tuple(statuses)
        return found

    def _note(self, found: _Found, name: str, judged: Callable[[], Judged]) -> Exception | None:
        try:
            findings, series, left_out = judged()
        except Exception as error:  # noqa: BLE001 - no rule may break another
            _log.warning("%s could not be judged: %s", name, error)
            found.states[name] = RuleState(trouble=f"It could not be judged: {error}")
            return error
        found.findings.extend(findings)
        found.states[name] = RuleState(series, left_out)
        return None

    def _commit(self, notes: AlertNotes, hour: datetime | None) -> frozenset[str]:
        done = self._run(lambda: self._store.note_alerts(notes, hour))
        stale: frozenset[str] = done.result(COMMIT_PATIENCE_S)
        if stale:
            _log.info("%d alerts were changed by somebody else meanwhile", len(stale))
        return stale

    def policy(self, key: Key) -> Policy:
        """How patient the rule of a key is."""
        watched = self.watched.get(key.rule)
        remind_h = watched.remind_hours if watched else 24.0
        pending_s = _PENDING_SHARE * self._alerts.interval_s
        return Policy(pending_s, 3600 * remind_h, self._judgements.patience.total_seconds())

    def channels(self, alert: Alert | Finding) -> tuple[str, ...]:
        """Whom its rule tells."""
        watched = self.watched.get(alert.key.rule)
        return channels_of(watched, self._alerts) if watched and self._alerts.enabled else ()

    def sends(
        self, alert: Alert, reason: str, now: datetime, *, brief: bool = False
    ) -> tuple[str, list[Send]]:
        """The message of an alert, and its copies for the channels of its rule."""
        scope = self.scope(alert)
        budget = left_of(self.statuses, scope)
        if brief:
            facts = self._gatherer.brief(scope, budget)
        else:
            facts = self._gatherer.facts(alert, scope, now, budget)
        channels = self.channels(alert)
        told = document("", reason, alert, facts, self._place, now)
        sends = []
        for channel in channels:
            send_id = _send_id(alert, reason, channel)
            body = orjson.dumps(told | {"id": send_id}).decode()
            sends.append(
                Send(send_id, alert.alert_id, channel, reason, body, now, "waiting", 0, now)
            )
        return orjson.dumps(told).decode(), sends


class _Round:
    """What one judgement changes, until it is committed."""

    def __init__(self, evaluator: Evaluator, known: Mapping[Key, Alert], now: datetime) -> None:
        self._evaluator = evaluator
        self._known = known
        self._now = now
        self._relatives = Relatives(evaluator.scope, evaluator.channels, evaluator._reader)
        self.changed: list[tuple[Alert, int]] = []
        self.events: list[Event] = []
        self._sends: list[Send] = []
        self.told = 0
        for alert in known.values():
            self._relatives.note(alert)

    def take(self, finding: Finding) -> None:
        """Let the alert of a finding take a step."""
        alert = self._known.get(finding.key)
        parent = None
        if finding.bad and (alert is None or not _was_told(alert)):
            parent = self._relatives.explaining(finding)
        policy = self._evaluator.policy(finding.key)
        taken = step(alert, finding, self._now, policy, parent)
        if taken is not None:
            self.enter(taken)

    def end_orphans(self, found: _Found) -> None:
        """See alerts as good whose group has no calls any more, or whose rule is gone."""
        seen = {finding.key for finding in found.findings}
        for key, alert in self._known.items():
            if not alert.is_open or key in seen or key.rule in found.failed:
                continue
            if key.rule in self._evaluator.watched:
                self.take(nothing_of(alert, self._now))
            else:
                gone = Action("resolve", "spanledger", "the rule is no longer in force")
                taken = act(alert, gone, self._now)
                self.enter(taken._replace(alert=taken.alert._replace(held=False)))

    def enter(self, taken: Step) -> None:
        """Note a step, with the message that is due."""
        alert = taken.alert
        if taken.tell is not None:
            brief = self.told >= MOST_IN_FULL
            told, sends = self._evaluator.sends(alert, taken.tell, self._now, brief=brief)
            alert = alert._replace(message=told)
            self._sends += sends
            self.told += 1
        self._relatives.note(alert)
        self.changed.append((alert, taken.based_on))
        self.events += taken.events

    def notes(self) -> AlertNotes:
        """All of it, as columns."""
        return notes_of(self.changed, self.events, self._sends)


def _was_told(alert: Alert) -> bool:
    return alert.is_open and alert.told > 0


def _send_id(alert: Alert, reason: str, channel: str) -> str:
    """The same for everyone who tells the same."""
    text = "\x1f".join((alert.alert_id, str(alert.told), reason, channel))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
