"""What one model's tokens cost under facts that many calls share: the unit of caching. Pure.

Nothing here depends on how much was used, so that a million calls of a day need a handful.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from typing import NamedTuple

from .book import Model, Period, PriceBook, Term
from .card import Card, Modifiers, rate_card
from .models import Route, parse_model_id, route_of

NO_STEP = sys.maxsize
Prices = tuple[int, int, int, int, int]
"""Picodollars per token of input, output, cache reads, 5-minute and 1-hour writes."""
_GEO_WITHOUT_PREMIUM = (None, "", "global", "not_available")


class Place(NamedTuple):
    """Which model served a call, and where."""

    model: Model
    route: Route
    platform: str


class Tariff(NamedTuple):
    """Prices per token, in picodollars, and what is uncertain or worth saying about them."""

    above_tokens: int
    """A longer prompt pays the second of each pair; `NO_STEP` when length changes nothing."""
    prices: tuple[Prices, Prices]
    list_prices: tuple[Prices, Prices]
    caching: bool
    """False when the model has no cache prices, which then stand as 0."""
    web_search: int
    list_web_search: int
    estimates: tuple[str, ...]
    remarks: tuple[str, ...]


class NoPrice(NamedTuple):
    """Why there is no price."""

    reason: str


class _NoPriceError(Exception):
    """Carries the reason out of the rules below."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@lru_cache(maxsize=4096)
def place_of(
    book: PriceBook,
    model: str,
    request_model: str | None,
    provider: str,
    server_address: str | None,
) -> Place | None:
    """Where a call ran; None when the book does not know the model."""
    known = book.find(model)
    if known is None:
        return None
    asked = parse_model_id(request_model) if request_model else None
    if asked is None or asked.platform is None:
        asked = parse_model_id(model)
    return Place(known, route_of(asked, provider, server_address), asked.platform or provider)


@lru_cache(maxsize=4096)
def tariff_of(
    book: PriceBook,
    place: Place,
    day: int,
    service_tier: str | None,
    speed: str | None,
    inference_geo: str | None,
) -> Tariff | NoPrice:
    """The prices of a model at a place on a day, in a tier, at a speed, in a geography."""
    try:
        return _tariff(book, place, day, (service_tier, speed, inference_geo))
    except _NoPriceError as unknown:
        return NoPrice(unknown.reason)


def _tariff(
    book: PriceBook, place: Place, day: int, asked: tuple[str | None, str | None, str | None]
) -> Tariff:
    tier, speed, geo = asked
    period = book.period(place.model, day)
    if period is None:
        raise _NoPriceError("no_price_at_date")
    estimates = [] if period.confidence in ("verified", "contract") else ["price_inferred"]
    if place.route == "unknown" and period.regional_multiplier is not None:
        estimates.append("region_unknown")
    remarks: list[str] = []
    modifiers = Modifiers(
        fast=_is_fast(period, day, speed, estimates, remarks),
        batch=_is_batch(period, tier),
        us_geo=_is_us(period, geo, estimates),
        regional=place.route == "regional",
    )
    term = book.term(place.model, place.platform, day)
    prices = _prices(period, modifiers, term)
    agreed = term.web_search if term else None
    return Tariff(
        above_tokens=period.long_context.above_tokens if period.long_context else NO_STEP,
        prices=prices,
        list_prices=_prices(period, modifiers, None) if term else prices,
        caching=rate_card(period, modifiers, term).cache_read is not None,
        web_search=book.web_search if agreed is None else agreed,
        list_web_search=book.web_search,
        estimates=tuple(estimates),
        remarks=tuple(remarks),
    )


def _prices(period: Period, modifiers: Modifiers, term: Term | None) -> tuple[Prices, Prices]:
    """The prices below and above the long-context step."""
    short = rate_card(period, modifiers, term)
    long = rate_card(period, modifiers._replace(long=True), term)
    return _without_gaps(short), _without_gaps(long)


def _without_gaps(card: Card) -> Prices:
    return (
        card.input,
        card.output,
        card.cache_read or 0,
        card.cache_write_5m or 0,
        card.cache_write_1h or 0,
    )


def _is_fast(
    period: Period, day: int, speed: str | None, estimates: list[str], remarks: list[str]
) -> bool:
    if speed in (None, "", "standard"):
        return False
    if speed != "fast":
        raise _NoPriceError("unknown_speed")
    fast = period.fast
    if fast is None or day < fast.first_day:
        raise _NoPriceError("no_fast_price")
    if not fast.sold_on(day):
        remarks.append("fast_billed_as_standard")
        return False
    if fast.unsure_from is not None and day >= fast.unsure_from:
        estimates.append("fast_end_uncertain")
    return True


def _is_batch(period: Period, tier: str | None) -> bool:
    if tier in (None, "", "standard"):
        return False
    if tier == "priority":
        raise _NoPriceError("priority_tier")
    if tier != "batch":
        raise _NoPriceError("unknown_service_tier")
    if period.batch_multiplier is None:
        raise _NoPriceError("no_batch_price")
    return True


def _is_us(period: Period, geo: str | None, estimates: list[str]) -> bool:
    if geo in _GEO_WITHOUT_PREMIUM:
        return False
    if geo != "us":
        raise _NoPriceError("unknown_inference_geo")
    if period.us_geo_multiplier is None:
        estimates.append("no_us_geo_price")
    return period.us_geo_multiplier is not None
