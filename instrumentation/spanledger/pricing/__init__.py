"""What a Claude API call costs: an effective-dated price book and Anthropic's billing rules.

Pure and exact: integer picodollars (10^-12 USD) inside, `decimal.Decimal` at the edges, no clock,
no network. An unknown price is `unpriced`, never zero and never a guess.

    >>> from spanledger.pricing import price, usage_from_api
    >>> usage = usage_from_api({"input_tokens": 1000, "output_tokens": 500})
    >>> cost = price("claude-opus-5-5", usage, at_ns=1_795_132_800_000_000_000)
    >>> cost.status, str(cost.usd)
    ('priced', '0.014')
"""

from .alternatives import Savings, savings, what_if
from .book import (
    PICODOLLARS_PER_USD,
    Model,
    Period,
    PriceBook,
    Term,
    day_number,
    iso_date,
)
from .cost import REASONS, Cost, CostParts, CostStatus, usd
from .loading import parse_book, price_book
from .rules import not_billed, price, unpriced
from .usage import (
    MAX_COUNT,
    Iteration,
    Usage,
    UsageError,
    iterations_from_api,
    iterations_from_json,
    usage_from_api,
)

__all__ = [
    "MAX_COUNT",
    "PICODOLLARS_PER_USD",
    "REASONS",
    "Cost",
    "CostParts",
    "CostStatus",
    "Iteration",
    "Model",
    "Period",
    "PriceBook",
    "Savings",
    "Term",
    "Usage",
    "UsageError",
    "day_number",
    "iso_date",
    "iterations_from_api",
    "iterations_from_json",
    "not_billed",
    "parse_book",
    "price",
    "price_book",
    "savings",
    "unpriced",
    "usage_from_api",
    "usd",
    "what_if",
]
