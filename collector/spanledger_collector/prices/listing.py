"""The price book as rows to look at, list and contract side by side; pure."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import orjson

from spanledger.pricing import Model, Period, PriceBook, iso_date, usd
from spanledger.pricing.card import Modifiers, rate_card

__all__ = ["ListedPrice", "listed", "prices_on"]

_PER_MILLION = 10**6
ANY = "any"


class ListedPrice(NamedTuple):
    """One model's prices on a day, at one length and speed; US dollars per million tokens."""

    model: str
    tier: str
    valid_from: str
    valid_to: str | None
    input: str
    output: str
    cache_read: str | None
    cache_write_5m: str | None
    cache_write_1h: str | None
    list_input: str
    list_output: str
    list_cache_read: str | None
    list_cache_write_5m: str | None
    list_cache_write_1h: str | None
    batch_multiplier: str | None
    us_geo_multiplier: str | None
    regional_multiplier: str | None
    web_search_usd: str
    override: str | None
    """The contract's words on these prices, and where they are written."""
    confidence: str
    source: str
    note: str | None
    lifecycle: str
    released: str
    deprecated: str | None
    retired: str | None
    platforms: list[str]


def listed(book: PriceBook, platform: str, day: int) -> str:
    """The rows as JSON text, which the query binds and unfolds."""
    return orjson.dumps([row._asdict() for row in prices_on(book, platform, day)]).decode()


def prices_on(book: PriceBook, platform: str, day: int) -> Iterator[ListedPrice]:
    """All prices that hold on a platform on a day; `any` means the Claude API's for every model."""
    for model in book.models:
        period = book.period(model, day)
        if period is not None and platform in (ANY, *model.platforms):
            yield from _rows(book, model, period, "anthropic" if platform == ANY else platform, day)


def _rows(
    book: PriceBook, model: Model, period: Period, platform: str, day: int
) -> Iterator[ListedPrice]:
    term = book.term(model, platform, day)
    for tier, modifiers in _tiers(period, day):
        agreed = rate_card(period, modifiers, term)
        normal = rate_card(period, modifiers)
        search = book.web_search if term is None else term.web_search
        yield ListedPrice._make(
            (
                model.id,
                tier,
                iso_date(period.first_day),
                None if period.last_day is None else iso_date(period.last_day),
                *(_per_million(rate) for rate in (*agreed, *normal)),
                _text(period.batch_multiplier),
                _text(period.us_geo_multiplier),
                _text(period.regional_multiplier),
                format(usd(book.web_search if search is None else search), "f"),
                None
                if term is None
                else " · ".join(filter(None, (term.note, Path(term.origin).name))),
                period.confidence,
                period.source,
                period.note or None,
                lifecycle(model, day),
                model.released,
                model.deprecated,
                model.retired,
                list(model.platforms),
            )
        )


def lifecycle(model: Model, day: int) -> str:
    """Where a model stands in its life on a day, as its maker announced it."""
    date = iso_date(day)
    if model.retired is not None and model.retired <= date:
        return "retired"
    return "deprecated" if model.deprecated is not None and model.deprecated <= date else "active"


def _tiers(period: Period, day: int) -> Iterator[tuple[str, Modifiers]]:
    yield "standard", Modifiers()
    if period.long_context:
        yield f"prompt > {period.long_context.above_tokens}", Modifiers(long=True)
    if period.fast and period.fast.sold_on(day):
        yield "fast", Modifiers(fast=True)


def _per_million(picodollars: int | None) -> str | None:
    return None if picodollars is None else format(usd(picodollars * _PER_MILLION), "f")


def _text(factor: Fraction | None) -> str | None:
    return None if factor is None else f"{float(factor):g}"
