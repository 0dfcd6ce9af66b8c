"""What queries show of rules and budgets, which stand in the settings and not in the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timezone, tzinfo
from typing import Any

import orjson

from spanledger_collector.alerts.budgets import PREFIX, BudgetStatus
from spanledger_collector.alerts.judged import Judgements, RuleState
from spanledger_collector.alerts.planned import Occurrence, Plan
from spanledger_collector.alerts.reading import epoch, moment
from spanledger_collector.alerts.rules import channels_of, described, rules_in_force
from spanledger_collector.settings import AlertsSettings, Budget, Rule

__all__ = ["AlertsShown", "Clock"]

Clock = Callable[[], datetime]
"""The time, as naive UTC."""

_MOST_PLANNED = 1000


class AlertsShown:
    """The rules in force, and where budgets stood when somebody looked last.

    Args:
        alerts: the rules, and what is planned.
        budgets: what may be spent.
        zone: whose clock plans go by.
        clock: the time that alerts go by.
    """

    def __init__(
        self,
        alerts: AlertsSettings,
        budgets: Sequence[Budget] = (),
        zone: tzinfo = timezone.utc,
        clock: Clock | None = None,
    ) -> None:
        own = {rule.name for rule in alerts.rule or ()}
        self._rules = [
            _rule(rule, channels_of(rule, alerts), own=rule.name in own)
            for rule in rules_in_force(alerts)
        ]
        self._rules += [
            _rule(budget, channels_of(budget, alerts), own=True)
            for budget in budgets
            if budget.enabled and alerts.enabled
        ]
        self._budgets = "[]"
        self.clock = clock or _now
        self.judgements = Judgements(alerts.interval_s)
        self.plan = Plan(alerts.planned or (), zone)

    def rules(self) -> str:
        """The rules in force and what came of judging them, as JSON."""
        trouble, judged_at = self.judgements.trouble(self.clock()), self.judgements.judged_at
        states = self.judgements.states
        listed = []
        for rule in self._rules:
            state = states.get(rule["rule"], RuleState())
            listed.append(
                rule
                | {
                    "judged_at": None if judged_at is None else _stamp(judged_at),
                    "judged_groups": state.series,
                    "left_out_groups": state.left_out,
                    "trouble": trouble or state.trouble,
                }
            )
        return orjson.dumps(listed).decode()

    def budgets(self) -> str:
        """Where the budgets stand, as JSON."""
        return self._budgets

    def planned(self, start: datetime, end: datetime) -> str:
        """What planned work takes place between two instants, as JSON."""
        found = self.plan.between(epoch(start), epoch(end))[:_MOST_PLANNED]
        return orjson.dumps([_planned(each) for each in found]).decode()

    def show(self, statuses: Sequence[BudgetStatus]) -> None:
        """From now on, show these budgets."""
        self._budgets = orjson.dumps([_budget(status) for status in statuses]).decode()


def _now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def _planned(occurrence: Occurrence) -> dict[str, Any]:
    return {
        "planned": occurrence.name,
        "planned_start": _stamp(moment(occurrence.first)),
        "planned_end": _stamp(moment(occurrence.last)),
        "only": _json(occurrence.only),
    }


def _rule(rule: Rule | Budget, channels: Sequence[str], *, own: bool) -> dict[str, Any]:
    if isinstance(rule, Budget):
        named = {"rule": PREFIX + rule.name, "rule_kind": "budget", "severity": "critical"}
    else:
        named = {"rule": rule.name, "rule_kind": rule.kind, "severity": rule.severity}
    return {
        **named,
        "dimension": rule.by,
        "only": _json(rule.scope),
        "channels": channels,
        "options": _json(described(rule)),
        "from_settings": own,
    }


def _budget(status: BudgetStatus) -> dict[str, Any]:
    progress = status.progress
    gone = progress.exhausted_at
    return {
        "budget": status.budget.name,
        "dimension": status.budget.by,
        "value": status.value,
        "period": status.budget.period,
        "budget_start": _stamp(moment(progress.period[0])),
        "budget_end": _stamp(moment(progress.period[1])),
        "as_of": _stamp(moment(progress.now)),
        "budget_usd": f"{status.usd:f}",
        "spent_usd": f"{status.spent_usd:f}",
        "used_share": progress.share,
        "burn": progress.burn,
        "forecast_usd": _usd(progress.forecast_usd),
        "forecast_low_usd": _usd(progress.low_usd),
        "forecast_high_usd": _usd(progress.high_usd),
        "run_out_at": None if gone is None else _stamp(moment(gone)),
        "thresholds": _json(status.budget.thresholds),
        "only": _json(status.scope),
    }


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _usd(usd: float | None) -> str | None:
    return None if usd is None else f"{usd:.6f}"


def _stamp(at: datetime) -> str:
    return at.isoformat(sep=" ")
