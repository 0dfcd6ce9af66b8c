"""What cached tokens cost as a multiple of uncached input, and batches; by model and day; pure.

Batches, regions, fast mode and long prompts change all rates of a request alike, so these multiples
tell from what cached tokens did cost what they would have cost without a cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import orjson

from spanledger.pricing import Model, PriceBook
from spanledger.pricing.card import Modifiers, rate_card

__all__ = ["CacheRates", "cache_rates"]

_ALWAYS = 10**7
"""A day number beyond any that a call can have."""


class CacheRates(NamedTuple):
    """The multiples from one day on until another; days count from 1970-01-01."""

    model: str
    provider: str
    first_day: int
    last_day: int
    """The first day on which they no longer hold."""
    read: float | None
    write_5m: float | None
    write_1h: float | None
    batch: float | None
    """What a batch multiplies all of them by; None where the model takes no batches."""


@lru_cache(maxsize=2)
def cache_rates(book: PriceBook) -> str:
    """The rows as JSON text, which queries bind and unfold."""
    platforms = sorted({platform for model in book.models for platform in model.platforms})
    rows = [
        row._asdict()
        for model in book.models
        for platform in platforms
        for row in _rows(book, model, platform)
    ]
    return orjson.dumps(rows).decode()


def _rows(book: PriceBook, model: Model, platform: str) -> Iterator[CacheRates]:
    days = sorted(set(_turns(book, model)))
    for first, last in zip(days, [*days[1:], _ALWAYS], strict=True):
        period = book.period(model, first)
        if period is None:
            continue
        card = rate_card(period, Modifiers(), book.term(model, platform, first))
        if card.input and card.cache_read:
            read, write_5m, write_1h = (rate and rate / card.input for rate in card[2:])
            batch = None if period.batch_multiplier is None else float(period.batch_multiplier)
            yield CacheRates(model.id, platform, first, last, read, write_5m, write_1h, batch)


def _turns(book: PriceBook, model: Model) -> Iterator[int]:
    """The days on which a rate may change."""
    spans = [(period.first_day, period.last_day) for period in model.periods]
    spans += [(term.first_day or 0, term.last_day) for term in book.contract]
    for first, last in spans:
        yield first
        if last is not None:
            yield last + 1
