"""Questions to the collector and their typed answers: the only caches of the dashboard.

One module a subject; a page with questions of its own adds a module and names it here. `asking` is
what they share. Every answer is exact as the collector gave it: money is Decimal until it is drawn.
"""

from spanledger_dashboard.data.asking import Filters
from spanledger_dashboard.data.prices import prices, unpriced
from spanledger_dashboard.data.spend import (
    Period,
    Usage,
    dimension_values,
    latest_calls,
    spend_summary,
    usage,
)
from spanledger_dashboard.data.state import Health, health

__all__ = [
    "Filters",
    "Health",
    "Period",
    "Usage",
    "dimension_values",
    "health",
    "latest_calls",
    "prices",
    "spend_summary",
    "unpriced",
    "usage",
]
