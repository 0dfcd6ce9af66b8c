"""Questions to the collector and their typed answers: the only caches of the dashboard.

One module a subject. What several pages ask is named here; the questions of one page are a module
that only its cards import (`from spanledger_dashboard.data import cache`). `asking` is what they
share: a question is a function with typed arguments and answer, over a private one under
`st.cache_data` with a `ttl` and `max_entries`, whose first argument is the `Source`, so that nobody
sees the answer to another's token. Every answer is exact as the collector gave it: money is Decimal
until it is drawn.
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
