"""What a message tells beside the alert: drivers, projection, traces; asked of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, TypeAlias

from spanledger_collector.alerts.alert import Alert
from spanledger_collector.alerts.instants import stamp
from spanledger_collector.alerts.message import BudgetLeft, Driver, Facts
from spanledger_collector.alerts.periods import period_of
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.alerts.rules import Scope

__all__ = ["Ask", "Gatherer"]

Ask: TypeAlias = Callable[[str, Mapping[str, Sequence[str]]], Sequence[Mapping[str, Any]]]
"""Asks a named query with parameters, and returns its rows."""

_DIMENSIONS = ("user_id", "feature", "service", "team", "model")
"""Who may drive a difference; those named first are preferred where they explain as much."""
_CAUSES = ("volume", "tokens", "price", "cache", "mix", "search")
_WEEK, _HOUR = timedelta(days=7), timedelta(hours=1)
_MOST = 3
_WORTH = 0.2
"""The share of the difference below which nobody drives it."""


class Gatherer:
    """Gathers facts for messages.

    Args:
        reader: asks the ledger by its statements.
        ask: asks it by named queries.
        prices_version: tells which price book is in force.
        zone: whose days and months.
    """

    def __init__(
        self, reader: Reader, ask: Ask, prices_version: Callable[[], str], zone: tzinfo
    ) -> None:
        self._reader = reader
        self._ask = ask
        self._prices_version = prices_version
        self._zone = zone

    def brief(self, scope: Scope, budget: BudgetLeft | None) -> Facts:
        """What is known without asking the ledger."""
        return Facts(scope=scope, budget=budget, prices_version=self._prices_version())

    def facts(self, alert: Alert, scope: Scope, now: datetime, budget: BudgetLeft | None) -> Facts:
        """What there is to know about an alert.

        Raises:
            StoreUnavailable: the ledger does not answer now.
        """
        day_usd, month_usd = self._projection(alert, scope, now)
        window = self._reader.window(scope, "none", alert.window_start, alert.window_end)
        requests = float(window.measures["requests"].sum())
        unpriced = float(window.measures["unpriced_calls"].sum())
        return Facts(
            scope=scope,
            drivers=self._drivers(alert, scope) if alert.unit == "usd" else (),
            traces=self._reader.traces(scope, alert.window_start, alert.window_end),
            day_usd=day_usd,
            month_usd=month_usd,
            budget=budget,
            prices_version=self._prices_version(),
            priced_share=1 - unpriced / requests if requests else None,
            newest_call_at=self._reader.freshness(now).newest_call_at,
        )

    def _drivers(self, alert: Alert, scope: Scope) -> list[Driver]:
        start, end = alert.window_start, alert.window_end
        stretch = {
            "before_start": [stamp(start - _WEEK)],
            "before_end": [stamp(end - _WEEK)],
            "start": [stamp(start)],
            "end": [stamp(end)],
            **{name: list(values) for name, values in scope.items()},
        }
        free = [name for name in _DIMENSIONS if len(scope.get(name, ())) != 1]
        found = [
            driver
            for dimension in free
            for driver in _top(dimension, self._ask("what_changed", _by(dimension, stretch)))
        ]
        found.sort(key=lambda driver: -round(driver.share, 1))  # stable: the preferred come first
        return [driver for driver in found if driver.share >= _WORTH][:_MOST]

    def _projection(
        self, alert: Alert, scope: Scope, now: datetime
    ) -> tuple[Decimal | None, Decimal | None]:
        """Today and this month, if the rest goes as the window did and as the month did."""
        rows = self._ask(
            "spend_summary",
            {"tz": [str(self._zone)], "as_of": [stamp(now)]}
            | {name: list(values) for name, values in scope.items()},
        )
        periods = {row["period"]: row for row in rows}
        today, month = periods["today"], periods["month"]
        if today["cost_usd"] is None or month["cost_usd"] is None or alert.unit != "usd":
            return None, None
        _, day_end = period_of(now, "day", self._zone)
        begun, month_end = period_of(now, "month", self._zone)
        hours = (alert.window_end - alert.window_start) / _HOUR
        rate = Decimal(alert.observed / hours) if hours and alert.kind == "spike" else 0
        daily = today["cost_usd"] + rate * Decimal((day_end - now) / _HOUR)
        passed = max((now - begun) / (month_end - begun), 1e-6)
        monthly = month["cost_usd"] / Decimal(passed)
        tonight = month["cost_usd"] + daily - today["cost_usd"]
        return _cents(daily), _cents(max(monthly, tonight))


def _by(dimension: str, stretch: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    return {**stretch, "group_by": [dimension], "limit": ["3"]}


def _top(dimension: str, rows: Sequence[Mapping[str, Any]]) -> list[Driver]:
    """The groups that changed most, as shares of all that changed."""
    whole = sum(row["difference_usd"] for row in rows)
    if whole <= 0:
        return []
    return [
        Driver(
            dimension,
            row["group_1"],
            row["difference_usd"],
            float(row["difference_usd"] / whole),
            {cause: row[f"{cause}_usd"] for cause in _CAUSES},
        )
        for row in rows
        if not row["rest"] and row["group_1"] != "(none)" and row["difference_usd"] > 0
    ]


def _cents(usd: Decimal) -> Decimal:
    return usd.quantize(Decimal("0.01"))
