"""The rate card of one model request: a period's rates with every modifier applied. Pure.

Modifiers multiply, in any order: length or speed picks the rates, then batch, then data residency,
then the regional endpoint premium. Web searches are outside: no modifier touches them. What a
contract agrees on stands in for the list's rates before the modifiers do their work.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from .book import Period, Rates, Term


class Modifiers(NamedTuple):
    """What about a request changes its rates, beside model and day."""

    long: bool = False
    fast: bool = False
    batch: bool = False
    us_geo: bool = False
    regional: bool = False


class Card(NamedTuple):
    """Whole picodollars per token of each kind; None where there is no such price."""

    input: int
    output: int
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None


@lru_cache(maxsize=4096)
def rate_card(period: Period, modifiers: Modifiers, term: Term | None = None) -> Card:
    """The per-token prices of a period under modifiers that it supports.

    List prices are exact. An agreed price that is no whole number of picodollars per token is
    rounded to one, half to even: at most half a millionth of a dollar per million tokens.
    """
    rates = _base_rates(period, modifiers, term)
    factor = Fraction(1)
    if modifiers.batch:
        factor *= period.batch_multiplier or 1
    if modifiers.us_geo:
        factor *= period.us_geo_multiplier or 1
    if modifiers.regional:
        factor *= period.regional_multiplier or 1
    whole = (_whole(rate, factor, period, exact=term is None) for rate in rates)
    return Card(*whole)  # type: ignore[arg-type]  # input and output are never None in Rates


def _base_rates(period: Period, modifiers: Modifiers, term: Term | None) -> Rates:
    if modifiers.fast and period.fast is not None:
        if modifiers.long and period.fast.long_rates is not None:
            return _agreed(period.fast.long_rates, term, term.fast_rates if term else {})
        # fast rates are flat over the whole context window
        return _agreed(period.fast.rates, term, term.fast_rates if term else {})
    if modifiers.long and period.long_context is not None:
        return _agreed(period.long_context.rates, term, term.long_rates if term else {})
    return _agreed(period.rates, term, term.rates if term else {})


def _agreed(rates: Rates, term: Term | None, named: Mapping[str, Fraction]) -> Rates:
    if term is None:
        return rates
    kept = 1 - term.discount
    return Rates(
        *(  # type: ignore[arg-type]  # input and output are never None in Rates
            named.get(kind, None if rate is None else rate * kept)
            for kind, rate in rates._asdict().items()
        )
    )


def _whole(rate: Fraction | None, factor: Fraction, period: Period, *, exact: bool) -> int | None:
    if rate is None:
        return None
    product = rate * factor
    if exact and product.denominator != 1:
        raise ValueError(f"{period.model}: {product} picodollars a token is not a whole number")
    return round(product)
