"""One `[[override]]` table of the overrides file → a term of the contract; pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any, NoReturn

from spanledger.pricing import Model, Period, PriceBook, Term, day_number
from spanledger.pricing.book import PICODOLLARS_PER_USD, Rates, per_token
from spanledger_collector.prices.lines import Lines
from spanledger_collector.settings import did_you_mean

__all__ = ["PLATFORMS", "Entry"]

PLATFORMS = ("anthropic", "aws.bedrock", "gcp.vertex_ai")
_FIELDS = (
    "models",
    "platforms",
    "from",
    "to",
    "discount_percent",
    "rates",
    "long_rates",
    "fast_rates",
    "web_search_usd",
    "note",
)
_KINDS = Rates._fields
_GLOB = re.compile(r"[*?\[]")
_BEFORE_ALL = "2023-01-01"
_MOST_USD = 1_000_000


class Entry:
    """One `[[override]]` table, read field by field."""

    def __init__(self, table: Mapping[str, Any], index: int, lines: Lines, book: PriceBook) -> None:
        self._table = table
        self._index = index
        self._lines = lines
        self._book = book
        for key in table:
            if key not in _FIELDS:
                self._refuse(key, f"an override has no '{key}'. {did_you_mean(key, _FIELDS)[:-1]}")
        self._globs = self._texts("models", required=True)
        self._first, self._last = self._day("from"), self._day("to")
        if self._first is not None and self._last is not None and self._last < self._first:
            self._refuse("to", f"to = {table['to']} is before from = {table['from']}")
        self._rates = {key: self._some_rates(key) for key in ("rates", "long_rates", "fast_rates")}
        self._discount = self._percent()
        self._web_search = self._searches()
        if not (any(self._rates.values()) or "discount_percent" in table or self._web_search):
            self._refuse(None, "an override changes nothing: give discount_percent or rates")

    def new_models(self) -> Iterator[Model]:
        """Models named here in full that the book does not know; they need rates."""
        for glob in self._globs:
            if _GLOB.search(glob) or self._book.find(glob):
                continue
            rates = self._rates["rates"]
            if not {"input", "output"} <= set(rates):
                known = did_you_mean(glob, (model.id for model in self._book.models))
                self._refuse(
                    "models",
                    f"the price book does not know '{glob}'. {known} A new model needs rates with"
                    " input and output",
                )
            yield self._model(glob, rates)

    def term(self, more: tuple[Model, ...]) -> Term:
        """The agreement, with its globs resolved to models."""
        named: set[str] = set()
        for glob in self._globs:
            found = {model.id for model in (*self._book.models, *more) if _matches(model, glob)}
            literal = self._book.find(glob)
            found |= {literal.id} if literal else set()
            if not found:
                ids = did_you_mean(glob, (model.id for model in self._book.models))
                self._refuse("models", f"'{glob}' is no model of the price book. {ids[:-1]}")
            named |= found
        platforms = self._texts("platforms")
        for name in platforms:
            if name not in PLATFORMS:
                hint = did_you_mean(name, PLATFORMS)[:-1]
                self._refuse("platforms", f"'{name}' is no platform. {hint}")
        return Term(
            models=frozenset(named),
            platforms=frozenset(platforms),
            first_day=self._first,
            last_day=self._last,
            discount=self._discount,
            rates=self._rates["rates"],
            long_rates=self._rates["long_rates"],
            fast_rates=self._rates["fast_rates"],
            web_search=self._web_search,
            note=self._note(),
            origin=self._lines.place(self._index, None),
        )

    def _model(self, name: str, rates: Mapping[str, Fraction]) -> Model:
        first = day_number(_BEFORE_ALL) if self._first is None else self._first
        period = Period(
            model=name,
            first_day=first,
            last_day=self._last,
            rates=Rates(rates["input"], rates["output"], *(rates.get(k) for k in _KINDS[2:])),
            long_context=None,
            fast=None,
            batch_multiplier=Fraction(1, 2),
            us_geo_multiplier=Fraction(11, 10),
            regional_multiplier=Fraction(11, 10),
            confidence="contract",
            note=self._note(),
            source=self._lines.place(self._index, None),
        )
        released = str(self._table.get("from", _BEFORE_ALL))
        return Model(name, (), PLATFORMS, released, None, None, (period,))

    def _some_rates(self, key: str) -> dict[str, Fraction]:
        table = self._table.get(key, {})
        if not isinstance(table, dict):
            self._refuse(key, f'{key} must be a table such as {{ input = "2.4", output = "12" }}')
        for kind in table:
            if kind not in _KINDS:
                hint = did_you_mean(kind, _KINDS)[:-1]
                self._refuse(kind, f"{key} has no '{kind}'. {hint}")
        return {kind: per_token(self._usd(kind, amount)) for kind, amount in table.items()}

    def _percent(self) -> Fraction:
        if "discount_percent" not in self._table:
            return Fraction(0)
        percent = self._number("discount_percent", self._table["discount_percent"])
        if not -100 <= percent < 100:
            self._refuse("discount_percent", f"discount_percent = {percent} is not below 100")
        return percent / 100

    def _searches(self) -> int | None:
        if "web_search_usd" not in self._table:
            return None
        usd = self._usd("web_search_usd", self._table["web_search_usd"])
        return round(usd * PICODOLLARS_PER_USD)

    def _usd(self, key: str, value: object) -> Fraction:
        amount = self._number(key, value)
        if not 0 <= amount <= _MOST_USD:
            self._refuse(key, f"{key} = {value} is not between 0 and {_MOST_USD:,} US dollars")
        return amount

    def _number(self, key: str, value: object) -> Fraction:
        """A number exactly as it is written: 0.1 is a tenth, not the nearest double."""
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            self._refuse(key, f'{key} must be a number such as "2.5", not {value!r}')
        try:
            return Fraction(Decimal(str(value)))
        except (InvalidOperation, ValueError, OverflowError):
            self._refuse(key, f'{key} must be a number such as "2.5", not {value!r}')

    def _day(self, key: str) -> int | None:
        value = self._table.get(key)
        if value is None:
            return None
        if isinstance(value, dt.datetime) or not isinstance(value, (dt.date, str)):
            self._refuse(key, f"{key} must be a day such as 2026-11-20, not {value}")
        try:
            return day_number(str(value))
        except ValueError:
            self._refuse(key, f"{key} must be a day such as 2026-11-20, not {value!r}")

    def _texts(self, key: str, *, required: bool = False) -> list[str]:
        value = self._table.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            self._refuse(key, f"{key} must be text or a list of texts, not {value!r}")
        if required and not values:
            self._refuse(key, f'an override must say of what: {key} = ["claude-opus-*"]')
        return values

    def _note(self) -> str:
        note = self._table.get("note", "")
        if not isinstance(note, str):
            self._refuse("note", f"note must be text, not {note!r}")
        return note

    def _refuse(self, key: str | None, why: str) -> NoReturn:
        self._lines.refuse(self._index, key, why)


def _matches(model: Model, glob: str) -> bool:
    return any(fnmatchcase(name, glob.lower()) for name in (model.id, *model.aliases))
