"""Where budgets stand in their periods, and what of that is to be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple

from spanledger_collector.alerts.alert import Finding, Key
from spanledger_collector.alerts.message import BudgetLeft
from spanledger_collector.alerts.periods import period_of
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.rules import Scope
from spanledger_collector.settings import Budget

__all__ = ["PREFIX", "BudgetStatus", "budget_findings", "left_of"]

PREFIX = "budget:"
"""Before a budget's name, so that no rule's alerts are taken for a budget's."""

_SETTLED = 0.1
"""The share of a period before which its forecast is not trusted."""
_FORECAST_KEEP_S = 6 * 3600.0


class BudgetStatus(NamedTuple):
    """Where one budget stands."""

    budget: Budget
    period_start: datetime
    period_end: datetime
    as_of: datetime
    spent_usd: Decimal
    forecast_usd: Decimal | None
    """What the period comes to; None while it is too young to say."""
    run_out_at: datetime | None
    """When the budget is used up, as it goes now, if within the period."""

    @property
    def usd(self) -> Decimal:
        """The budget."""
        return Decimal(str(self.budget.usd))

    @property
    def used_share(self) -> float:
        """Spent, of the budget."""
        return float(self.spent_usd / self.usd)


def budget_findings(
    budgets: Iterable[Budget], reader: Reader, now: datetime, zone: tzinfo
) -> tuple[tuple[BudgetStatus, ...], list[Finding]]:
    """See where budgets stand, and what is to be told of it."""
    statuses = tuple(_status(budget, reader, now, zone) for budget in budgets)
    return statuses, [_finding(status) for status in statuses]


def left_of(statuses: Sequence[BudgetStatus], scope: Scope) -> BudgetLeft | None:
    """The narrowest budget that all calls of a scope count for."""
    fitting = [status for status in statuses if _covers(status.budget.scope, scope)]
    if not fitting:
        return None
    status = max(fitting, key=lambda each: len(each.budget.scope))
    left = status.usd - status.spent_usd
    return BudgetLeft(status.budget.name, status.usd, left, status.forecast_usd)


def _covers(only: Scope, scope: Scope) -> bool:
    return all(name in scope and set(scope[name]) <= set(values) for name, values in only.items())


def _status(budget: Budget, reader: Reader, now: datetime, zone: tzinfo) -> BudgetStatus:
    start, end = period_of(now, budget.period, zone)
    window = reader.window(budget.scope, "none", start, now)
    spent = Decimal(repr(round(float(window.measures["usd"].sum()), 9)))
    passed = (now - start) / (end - start)
    usd = Decimal(str(budget.usd))
    forecast = spent / Decimal(passed) if passed >= _SETTLED else None
    run_out = None
    if forecast is not None and forecast > usd > 0:
        run_out = max(start, min(start + (end - start) * float(usd / forecast), end))
    return BudgetStatus(budget, start, end, now, spent, forecast, run_out)


def _finding(status: BudgetStatus) -> Finding:
    budget = status.budget
    passed = [share for share in sorted(budget.thresholds) if status.used_share >= share]
    over = status.forecast_usd is not None and status.forecast_usd > status.usd
    warns = budget.forecast and over and status.used_share < 1
    severity = "info"
    if passed and passed[-1] >= 0.95:
        severity = "critical"
    elif warns or (passed and passed[-1] >= 0.8):
        severity = "warning"
    return Finding(
        key=Key(PREFIX + budget.name),
        kind="budget",
        bad=bool(passed) or warns,
        severe=True,
        severity=severity,
        level=2 * len(passed) + int(warns),
        window_start=status.period_start,
        window_end=status.as_of,
        observed=float(status.spent_usd),
        expected=budget.usd,
        expected_low=None,
        expected_high=None,
        unit="usd",
        excess_usd=max(status.spent_usd - status.usd, Decimal(0)).quantize(Decimal("0.000001")),
        reason="forecast" if warns and not passed else "threshold",
        keep_s=0.0 if passed else _FORECAST_KEEP_S,
        grows=False,
    )
