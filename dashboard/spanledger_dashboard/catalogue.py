"""What can be measured and what it can be split by, with the words for it; pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from spanledger_dashboard import formats
from spanledger_dashboard.measures import Totals

__all__ = ["DIMENSIONS", "MEASURES", "Measure", "Value", "written"]

Value: TypeAlias = Decimal | int | float | None


class Measure(NamedTuple):
    """One number of a group of calls; only some add up over groups."""

    label: str
    unit: str
    of: Callable[[Totals], Value]
    additive: bool = True

    def text(self, totals: Totals) -> str:
        """The number as it is read; a cost that is not known says so."""
        value = self.of(totals)
        if value is None and self.unit == "money" and totals.unpriced_calls:
            return formats.money(None)
        return written(value, self.unit)


def written(value: Value, unit: str) -> str:
    """A value in its unit."""
    if unit == "share":
        return formats.share(None if value is None else float(value))
    if value is None:
        return formats.UNKNOWN
    return formats.money(Decimal(value)) if unit == "money" else formats.quantity(int(value))


MEASURES = {
    "cost": Measure("Cost", "money", lambda totals: totals.known_cost_usd),
    "calls": Measure("Calls", "count", lambda totals: totals.calls),
    "tokens": Measure("Tokens", "count", lambda totals: totals.tokens),
    "input": Measure("Uncached input tokens", "count", lambda totals: totals.input_tokens),
    "cache_read": Measure("Cache-read tokens", "count", lambda totals: totals.cache_read_tokens),
    "cache_write": Measure("Cache-write tokens", "count", lambda totals: totals.cache_write_tokens),
    "output": Measure("Output tokens", "count", lambda totals: totals.output_tokens),
    "errors": Measure("Failed calls", "count", lambda totals: totals.errors),
    "unpriced": Measure("Unpriced calls", "count", lambda totals: totals.unpriced_calls),
    "per_call": Measure(
        "Cost per call", "money", lambda totals: totals.cost_per_call, additive=False
    ),
    "cache_hit": Measure(
        "Cache-hit share", "share", lambda totals: totals.cache_hit_share, additive=False
    ),
    "error_share": Measure(
        "Error share", "share", lambda totals: totals.error_share, additive=False
    ),
}

# The name in the URL, the name in the query API, the words.
DIMENSIONS = {
    "model": ("model", "Model"),
    "service": ("service", "Service"),
    "team": ("team", "Team"),
    "feature": ("feature", "Feature"),
    "environment": ("environment", "Environment"),
    "provider": ("provider", "Provider"),
    "workspace": ("workspace_id", "Workspace"),
    "user": ("user_id", "User"),
    "outcome": ("outcome", "Outcome"),
    "cost_status": ("cost_status", "Cost status"),
}
