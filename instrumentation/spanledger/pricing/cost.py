"""The cost of a call: an exact amount, how sure it is, and the reasons. Pure.

A missing fact makes a cost `estimated`, an unknown price makes it `unpriced`; both say why in
`reasons`, whose codes `REASONS` explains.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, NamedTuple

CostStatus = Literal["priced", "estimated", "unpriced"]

REASONS: Final[dict[str, str]] = {
    # estimated
    "usage_incomplete": "The stream ended before its final counts: a lower bound.",
    "cache_ttl_split_unknown": "Cache writes without their lifetimes: priced as 5-minute writes.",
    "region_unknown": "Bedrock or Google Cloud without the endpoint: priced without the premium.",
    "long_context_uncertain": "Counts are a sum over model requests that the response did not"
    " list, so the long-context threshold was applied to the sum.",
    "iterations_do_not_add_up": "The listed model requests do not add up to the totals.",
    "fallback_credit_redeemed": "A fallback credit shifted the price by an amount not reported.",
    "price_inferred": "The price book's row is inferred or unverified.",
    "fast_end_uncertain": "On this day fast mode may already have been withdrawn.",
    "no_us_geo_price": "Data residency was reported for a model that has no such price.",
    # unpriced
    "usage_unknown": "No token counts were reported.",
    "unknown_model": "The price book does not know this model.",
    "no_price_at_date": "The price book has no price for this model on this day.",
    "no_batch_price": "The model has no batch price on this day.",
    "no_fast_price": "The model has no fast-mode price on this day.",
    "no_cache_price": "Cached tokens on a model without cache prices.",
    "priority_tier": "Priority tier is paid by commitment, not by token.",
    "unknown_service_tier": "A service tier that the rules do not know.",
    "unknown_speed": "A speed that the rules do not know.",
    "unknown_inference_geo": "An inference geography that the rules do not know.",
    "unknown_iteration_type": "A kind of model request that the rules do not know.",
    # priced, and worth saying
    "refusal_not_billed": "Refused before any output: the API does not bill its tokens.",
    "declined_attempt_not_billed": "A model that declined without output is not billed.",
    "fast_billed_as_standard": "Fast mode had been withdrawn: ran and billed as standard.",
    "request_failed": "The API answered with an error: nothing is billed.",
    "batch_errored": "This request of a batch ended in an error: nothing is billed.",
    "batch_canceled": "The batch was canceled before this request ran: nothing is billed.",
    "batch_expired": "The batch expired before this request ran: nothing is billed.",
    "not_connected": "The request never reached the API.",
    "not_a_model_request": "This operation is free of charge.",
}


class CostParts(NamedTuple):
    """A cost by what it was paid for, in picodollars; the parts add up to the total."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    web_search: int = 0


class Cost(NamedTuple):
    """What a call cost, and how sure that is."""

    status: CostStatus
    picodollars: int | None
    """Exact total in 10^-12 USD; None when unpriced."""
    parts: CostParts | None
    model: str | None
    """The price book's id of the model; None when it does not know the model."""
    prices_version: str
    reasons: tuple[str, ...]
    list_picodollars: int | None
    """What it would have cost at list prices; the same total where no contract changes it."""

    @property
    def usd(self) -> Decimal | None:
        """The exact total in US dollars; None when unpriced."""
        return None if self.picodollars is None else usd(self.picodollars)


def usd(picodollars: int) -> Decimal:
    """Picodollars as exact US dollars, without trailing zeros."""
    dollars = Decimal(picodollars).scaleb(-12)
    whole = dollars.to_integral_value()
    return whole if dollars == whole else dollars.normalize()
