"""Where budgets stand in their periods, and what of that is to be told; pure but for the judge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from spanledger_collector.alerts.alert import Finding, Key
from spanledger_collector.alerts.detect.budget import Progress, judge
from spanledger_collector.alerts.judging import Judge, Judged
from spanledger_collector.alerts.message import BudgetLeft
from spanledger_collector.alerts.reading import moment
from spanledger_collector.alerts.rules import Scope, scope_of
from spanledger_collector.settings import Budget

__all__ = ["PREFIX", "BudgetStatus", "budget_findings", "left_of"]

PREFIX = "budget:"
"""Before a budget's name, so that no rule's alerts are taken for a budget's."""

_FORECAST_KEEP_S = 6 * 3600.0


class BudgetStatus(NamedTuple):
    """Where one budget stands, or that of one group."""

    budget: Budget
    progress: Progress
    value: str = ""
    """The group's value of the budget's dimension."""

    @property
    def scope(self) -> Scope:
        """The calls that it is for."""
        return scope_of(self.budget.scope, self.budget.by, self.value)

    @property
    def usd(self) -> Decimal:
        """The budget."""
        return Decimal(str(self.budget.usd))

    @property
    def spent_usd(self) -> Decimal:
        """What was spent in the period."""
        return Decimal(repr(round(self.progress.spent_usd, 9)))

    @property
    def forecast_usd(self) -> Decimal | None:
        """What the period comes to."""
        forecast = self.progress.forecast_usd
        return None if forecast is None else Decimal(repr(round(forecast, 6)))


def budget_findings(
    budget: Budget, judge_: Judge, now: datetime
) -> tuple[list[BudgetStatus], Judged]:
    """See where a budget stands, the fullest group first, and what is to be told of it.

    Raises:
        StoreUnavailable: the ledger does not answer now.
    """
    standing = judge_.progress(budget, now)
    statuses = [BudgetStatus(budget, state, name) for name, state in standing.states.items()]
    statuses.sort(key=lambda status: -status.progress.spent_usd)
    findings = [_finding(status) for status in statuses]
    return statuses, Judged(findings, len(findings), standing.left_out)


def left_of(statuses: Sequence[BudgetStatus], scope: Scope) -> BudgetLeft | None:
    """The narrowest budget that all calls of a scope count for."""
    fitting = [status for status in statuses if _covers(status.scope, scope)]
    if not fitting:
        return None
    status = max(fitting, key=lambda each: len(each.scope))
    left = status.usd - status.spent_usd
    key = Key(status.budget.name, status.budget.by, status.value)
    return BudgetLeft(key, status.usd, left, status.forecast_usd)


def _covers(only: Scope, scope: Scope) -> bool:
    return all(name in scope and set(scope[name]) <= set(values) for name, values in only.items())


def _finding(status: BudgetStatus) -> Finding:
    budget, progress = status.budget, status.progress
    [verdict] = judge([progress], budget.thresholds, forecast=budget.forecast, burn=budget.burn)
    passed = sum(progress.share >= share for share in budget.thresholds)
    low = progress.low_usd
    warns = budget.forecast and low is not None and low > budget.usd and progress.share < 1
    warns |= verdict.reason == "budget_burn"
    over = max(progress.spent_usd - budget.usd, 0.0)
    return Finding(
        key=Key(PREFIX + budget.name, budget.by, status.value),
        kind="budget",
        bad=verdict.fires,
        severe=True,
        severity=_severity(progress.share if passed else 0.0, warns=warns),
        level=2 * passed + int(warns),
        window_start=moment(progress.period[0]),
        window_end=moment(progress.now),
        observed=progress.spent_usd,
        expected=budget.usd,
        expected_low=None,
        expected_high=None,
        unit="usd",
        excess_usd=Decimal(repr(round(over, 6))),
        reason=verdict.reason,
        keep_s=0.0 if passed else _FORECAST_KEEP_S,
        grows=False,
    )


def _severity(share: float, *, warns: bool) -> str:
    if share >= 0.95:
        return "critical"
    return "warning" if warns or share >= 0.8 else "info"
