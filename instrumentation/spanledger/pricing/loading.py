"""From `book.json` to a price book, with errors that name the row. Pure but for reading the file.

The form is `book.schema.json`, which a test holds against the file; here the sense is checked.
"""

from __future__ import annotations

import json
import pkgutil
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

from .book import (
    PICODOLLARS_PER_USD,
    Fast,
    LongContext,
    Model,
    Period,
    PriceBook,
    Rates,
    day_number,
    per_token,
)
from .models import BEDROCK, VERTEX

FIRST_PARTY = "anthropic"
_ID_LISTS = {
    "aliases": FIRST_PARTY,
    "bedrock": BEDROCK,
    "vertex": VERTEX,
    "foundry": FIRST_PARTY,  # the SDK's Foundry client reports as the Claude API
}


@cache
def price_book() -> PriceBook:
    """The book that ships with this version of the package.

    Not by `importlib.resources`, which imports more at its first use: a fork meanwhile would leave
    the child with a module lock that nobody releases (`delivery/importing.py`).
    """
    return parse_book(json.loads(pkgutil.get_data(__package__, "book.json") or b""))


def parse_book(data: dict[str, Any]) -> PriceBook:
    """Build a book from its JSON form.

    Raises:
        ValueError: With the model and what is wrong about it.
    """
    models = tuple(_model(entry) for entry in data["models"])
    web_search = Fraction(data["web_search_usd"]) * PICODOLLARS_PER_USD
    return PriceBook(data["version"], int(web_search), models)


def _model(entry: dict[str, Any]) -> Model:
    try:
        return _read_model(entry)
    except KeyError as error:
        raise ValueError(f"price book: {entry.get('id')}: the field {error} is missing") from error
    except ValueError as error:
        raise ValueError(f"price book: {entry.get('id')}: {error}") from error


def _read_model(entry: dict[str, Any]) -> Model:
    periods = tuple(_period(entry["id"], period) for period in entry["periods"])
    for earlier, later in pairwise(periods):
        if earlier.last_day is None or earlier.last_day >= later.first_day:
            raise ValueError(f"periods of {entry['id']} overlap or are out of order")
    names = [alias for group in _ID_LISTS for alias in entry.get(group, ())]
    platforms = [FIRST_PARTY, *(name for group, name in _ID_LISTS.items() if group in entry)]
    return Model(
        id=entry["id"],
        aliases=tuple(dict.fromkeys(name for name in names if name != entry["id"])),
        platforms=tuple(dict.fromkeys(platforms)),
        released=entry["released"],
        deprecated=entry.get("deprecated"),
        retired=entry.get("retired"),
        periods=periods,
    )


def _period(model: str, entry: dict[str, Any]) -> Period:
    long = entry.get("long_context")
    fast = entry.get("fast")
    return Period(
        model=model,
        **_days(entry),
        rates=_rates(entry["rates"]),
        long_context=LongContext(long["above_tokens"], _rates(long["rates"])) if long else None,
        fast=_fast(fast) if fast else None,
        batch_multiplier=_fraction(entry.get("batch_multiplier")),
        us_geo_multiplier=_fraction(entry.get("us_geo_multiplier")),
        regional_multiplier=_fraction(entry.get("regional_multiplier")),
        confidence=entry["confidence"],
        note=entry.get("note", ""),
        source=entry["source"],
    )


def _fast(entry: dict[str, Any]) -> Fast:
    long_rates = entry.get("long_rates")
    return Fast(
        rates=_rates(entry["rates"]),
        **_days(entry),
        unsure_from=_day(entry.get("unsure_from")),
        long_rates=_rates(long_rates) if long_rates else None,
    )


def _days(entry: dict[str, Any]) -> dict[str, Any]:
    first, last = _day(entry["from"]), _day(entry.get("to"))
    if first is not None and last is not None and last < first:
        raise ValueError(f"a span from {entry['from']} ends before that, on {entry['to']}")
    return {"first_day": first, "last_day": last}


def _rates(entry: dict[str, str]) -> Rates:
    rates = {kind: per_token(text) for kind, text in entry.items()}
    return Rates(
        rates["input"],
        rates["output"],
        rates.get("cache_read"),
        rates.get("cache_write_5m"),
        rates.get("cache_write_1h"),
    )


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _day(date: str | None) -> int | None:
    if date is None:
        return None
    try:
        return day_number(date)
    except ValueError as error:
        raise ValueError(f"{date} is not a day: {error}") from error
