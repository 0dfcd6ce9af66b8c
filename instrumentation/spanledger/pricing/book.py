"""The price book's terms: models, periods, rates, and what a contract changes. Pure.

Rates are integers or fractions of a picodollar (10^-12 USD) per token. Days are numbered from
1970-01-01 and inclusive, in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from .models import parse_model_id

PICODOLLARS_PER_USD = 10**12
NS_PER_DAY = 86_400 * 10**9
_PER_MILLION = 10**6
_EPOCH = dt.date(1970, 1, 1).toordinal()


class Rates(NamedTuple):
    """Picodollars per token of each kind; None where the model has no such price."""

    input: Fraction
    output: Fraction
    cache_read: Fraction | None
    cache_write_5m: Fraction | None
    cache_write_1h: Fraction | None


@dataclass(frozen=True)
class LongContext:
    """Rates for the whole model request when its prompt exceeds a number of tokens."""

    above_tokens: int
    rates: Rates


@dataclass(frozen=True)
class Fast:
    """Rates of fast mode and the days on which it was sold."""

    rates: Rates
    first_day: int
    last_day: int | None
    unsure_from: int | None
    long_rates: Rates | None

    def sold_on(self, day: int) -> bool:
        """Whether fast mode was sold on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, eq=False)
class Period:
    """One model's prices over a span of days. Compared by identity, so that it can key a cache."""

    model: str
    first_day: int
    last_day: int | None
    rates: Rates
    long_context: LongContext | None
    fast: Fast | None
    batch_multiplier: Fraction | None
    us_geo_multiplier: Fraction | None
    regional_multiplier: Fraction | None
    confidence: str
    note: str
    source: str

    def covers(self, day: int) -> bool:
        """Whether the period holds on a day."""
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, eq=False)
class Model:
    """A model with every id it is known by, its life and its prices."""

    id: str
    aliases: tuple[str, ...]
    platforms: tuple[str, ...]
    """Where it is sold, by `gen_ai.provider.name`, as far as the book lists ids."""
    released: str
    deprecated: str | None
    retired: str | None
    periods: tuple[Period, ...]


@dataclass(frozen=True, eq=False)
class Term:
    """One agreement of a contract: what some models cost on some platforms over a span of days."""

    models: frozenset[str]
    platforms: frozenset[str]
    """Empty for all."""
    first_day: int | None
    last_day: int | None
    discount: Fraction
    """What is taken off every list rate that is not agreed on below, as a share of it."""
    rates: Mapping[str, Fraction]
    long_rates: Mapping[str, Fraction]
    fast_rates: Mapping[str, Fraction]
    web_search: int | None
    """Picodollars for one web search."""
    note: str
    origin: str
    """Where it is written, for those who look for it."""

    def holds(self, model: str, platform: str, day: int) -> bool:
        """Whether it holds for a model on a platform on a day."""
        return (
            model in self.models
            and (not self.platforms or platform in self.platforms)
            and (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
        )


@dataclass(frozen=True, eq=False)
class PriceBook:
    """All models and prices of one version of the book, and the contract that changes them."""

    version: str
    web_search: int
    """Picodollars for one web search."""
    models: tuple[Model, ...]
    contract: tuple[Term, ...] = ()
    _by_id: dict[str, Model] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for model in self.models:
            for name in (model.id, *model.aliases):
                known = self._by_id.setdefault(name, model)
                if known is not model:
                    raise ValueError(f"price book: {model.id} and {known.id} both claim {name!r}")

    def find(self, model: str) -> Model | None:
        """The model behind an id in any platform's form; None when the book does not know it."""
        known = self._by_id.get(model)
        if known is not None:
            return known
        for candidate in parse_model_id(model).candidates:
            if (known := self._by_id.get(candidate)) is not None:
                return known
        return None

    def period(self, model: Model, day: int) -> Period | None:
        """The prices of a model on a day; None when it had none."""
        for period in reversed(model.periods):
            if period.covers(day):
                return period
        return None

    def term(self, model: Model, platform: str, day: int) -> Term | None:
        """What the contract says of a model on a platform on a day: the last that holds."""
        for term in reversed(self.contract):
            if term.holds(model.id, platform, day):
                return term
        return None

    def under(
        self, contract: tuple[Term, ...], digest: str, more: tuple[Model, ...] = ()
    ) -> PriceBook:
        """This book under a contract, whose digest becomes part of the version.

        Args:
            contract: the agreements; a later one goes before an earlier one.
            digest: tells this contract from others.
            more: models that only the contract knows.
        """
        version = f"{self.version}+{digest}"
        return replace(
            self, version=version, models=self.models + more, contract=contract, _by_id={}
        )


def per_token(usd_per_million: str | Fraction) -> Fraction:
    """Picodollars per token, from US dollars per million tokens."""
    return Fraction(usd_per_million) * PICODOLLARS_PER_USD / _PER_MILLION


def day_number(date: str) -> int:
    """Days since 1970-01-01 of an ISO calendar date."""
    return dt.date.fromisoformat(date).toordinal() - _EPOCH


def iso_date(day: int) -> str:
    """The ISO calendar date of a day number."""
    return dt.date.fromordinal(day + _EPOCH).isoformat()
