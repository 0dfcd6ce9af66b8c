"""Anthropic's billing rules: from one call's usage to its exact cost. Pure.

The rules and their sources stand in `docs/pricing.md`, one section each.
"""

from __future__ import annotations

from collections.abc import Iterator

from .bill import Bill, UnpricedError
from .book import NS_PER_DAY, PriceBook, day_number
from .cost import Cost, CostParts
from .loading import price_book
from .tariff import NoPrice, Place, Prices, place_of, tariff_of
from .usage import Usage

_REFUSALS_FREE_FROM = day_number("2026-06-02")


def price(
    model: str,
    usage: Usage | None,
    *,
    at_ns: int,
    provider: str = "anthropic",
    stop_reason: str | None = None,
    complete: bool = True,
    request_model: str | None = None,
    server_address: str | None = None,
    book: PriceBook | None = None,
) -> Cost:
    """Price one API call.

    Args:
        model: The serving model, in any platform's form.
        usage: What the call used; None when the response never told.
        at_ns: When the call started, in nanoseconds since 1970-01-01 UTC; picks the price period.
        provider: `gen_ai.provider.name`: `anthropic`, `aws.bedrock` or `gcp.vertex_ai`.
        stop_reason: The message's stop reason; a refusal before any output is free.
        complete: False when a stream ended before its final counts.
        request_model: The id that was asked for, whose Bedrock form tells the endpoint's region.
        server_address: The host that was called, which on Google Cloud tells the region.
        book: Prices to use instead of the shipped book.
    """
    prices = book or price_book()
    place = place_of(prices, model, request_model, provider, server_address)
    if place is None:
        return unpriced("unknown_model", book=prices)
    if usage is None:
        return unpriced("usage_unknown", model=place.model.id, book=prices)
    day = at_ns // NS_PER_DAY
    refused = stop_reason == "refusal" and usage.output_tokens == 0 and complete
    free = refused and provider == "anthropic" and day >= _REFUSALS_FREE_FROM
    if not (free or usage.iterations):
        return _one_request(prices, place, day, usage, complete=complete)
    bill = Bill(prices, place, day, usage)
    try:
        if free:
            bill.add_refusal()
        else:
            bill.add_call(complete=complete)
    except UnpricedError as unknown:
        return unpriced(unknown.reason, model=place.model.id, book=prices)
    return bill.cost()


def _one_request(book: PriceBook, place: Place, day: int, usage: Usage, *, complete: bool) -> Cost:
    """A call that is one model request as far as the API tells: nearly all are, hence no `Bill`."""
    tariff = tariff_of(book, place, day, usage.service_tier, usage.speed, usage.inference_geo)
    if isinstance(tariff, NoPrice):
        return unpriced(tariff.reason, model=place.model.id, book=book)
    if usage.prompt_tokens > usage.input_tokens and not tariff.caching:
        return unpriced("no_cache_price", model=place.model.id, book=book)
    long = usage.prompt_tokens > tariff.above_tokens
    estimates = (*_doubts(usage, complete=complete, long=long), *tariff.estimates)
    parts = _parts(usage, tariff.prices[long], tariff.web_search)
    cost = listed = sum(parts)
    if tariff.list_prices is not tariff.prices:
        listed = sum(_parts(usage, tariff.list_prices[long], tariff.list_web_search))
    return Cost(
        "estimated" if estimates else "priced",
        cost,
        parts,
        place.model.id,
        book.version,
        estimates + tariff.remarks,
        listed,
    )


def _doubts(usage: Usage, *, complete: bool, long: bool) -> Iterator[str]:
    """Facts that are missing."""
    if not complete:
        yield "usage_incomplete"
    if usage.fallback_credit_redeemed:
        yield "fallback_credit_redeemed"
    if long and (usage.web_search_requests or usage.web_fetch_requests):
        yield "long_context_uncertain"
    if not usage.ttl_split_known:
        yield "cache_ttl_split_unknown"


def _parts(usage: Usage, prices: Prices, web_search: int) -> CostParts:
    return CostParts(
        prices[0] * usage.input_tokens,
        prices[1] * usage.output_tokens,
        prices[2] * usage.cache_read_tokens,
        prices[3] * usage.cache_write_5m_tokens,
        prices[4] * usage.cache_write_1h_tokens,
        web_search * usage.web_search_requests,
    )


def not_billed(model: str | None, reason: str, *, book: PriceBook | None = None) -> Cost:
    """The cost of a call that the API does not bill: exactly zero, with the reason why."""
    prices = book or price_book()
    known = prices.find(model) if model else None
    name = known.id if known else None
    return Cost("priced", 0, CostParts(), name, prices.version, (reason,), 0)


def unpriced(reason: str, *, model: str | None = None, book: PriceBook | None = None) -> Cost:
    """The cost of a call that has no known price."""
    return Cost("unpriced", None, None, model, (book or price_book()).version, (reason,), None)
