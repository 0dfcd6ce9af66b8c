"""The price book is data that a person reviews: its form, its sense and its exactness are checked.

Each check names the row that fails, so that a wrong digit is found where it was typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from importlib import resources
from itertools import pairwise, product
from typing import Any

import jsonschema
import pytest

from spanledger.pricing import parse_book, price_book
from spanledger.pricing.book import Period, day_number
from spanledger.pricing.card import Modifiers, rate_card

FOLDER = resources.files("spanledger.pricing")
BOOK: dict[str, Any] = json.loads(FOLDER.joinpath("book.json").read_text(encoding="utf-8"))
SCHEMA: dict[str, Any] = json.loads(FOLDER.joinpath("book.schema.json").read_text(encoding="utf-8"))
PERIODS = [
    pytest.param(period, id=f"{period.model} from day {period.first_day}")
    for model in price_book().models
    for period in model.periods
]


def broken(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The book with one value exchanged; None takes it away."""
    book = deepcopy(BOOK)
    place: Any = book
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return book


def test_the_book_has_its_form() -> None:
    """Every field has the type, the pattern and the neighbours that the schema demands."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(BOOK)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("web_search_usd",), 0.01),
        (("models", 0, "id"), "gpt-4o"),
        (("models", 0, "released"), "2026-13-01"),
        (("models", 0, "price"), "1"),
        (("models", 0, "periods", 0, "rates", "input"), "1.50"),
        (("models", 0, "periods", 0, "rates", "input"), "-1"),
        (("models", 0, "periods", 0, "rates", "output"), None),
        (("models", 5, "periods", 0, "rates", "cache_read"), None),
        (("models", 0, "periods", 0, "confidence"), "sure"),
        (("models", 0, "periods", 0, "source"), None),
        (("models", 0, "periods", 0, "batch_multiplier"), "2"),
    ],
)
def test_the_form_is_strict(path: tuple[str | int, ...], value: object) -> None:
    """Numbers instead of text, unknown fields, missing sources and odd digits are refused."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(broken(path, value))


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("models", 1, "id"), "claude-instant-1", "both claim 'claude-instant-1'"),
        (("models", 0, "periods", 0, "from"), "2026-02-30", "claude-instant-1.*2026-02-30"),
        (("models", 0, "periods", 0, "to"), "2023-08-01", "claude-instant-1.*ends before"),
        (("models", 0, "periods", 0, "rates", "input"), "cheap", "claude-instant-1.*'cheap'"),
        (("models", 0, "periods", 0, "rates", "output"), None, "claude-instant-1.*'output'"),
        (("models", 0, "periods"), None, "claude-instant-1.*'periods'"),
    ],
)
def test_a_book_that_makes_no_sense_is_refused_by_name(
    path: tuple[str | int, ...], value: object, says: str
) -> None:
    """The error tells which model's row cannot be and why."""
    with pytest.raises(ValueError, match=says):
        parse_book(broken(path, value))


def test_overlapping_periods_are_refused() -> None:
    """A day cannot have two prices."""
    book = deepcopy(BOOK)
    model = next(model for model in book["models"] if len(model["periods"]) > 1)
    model["periods"][0]["to"] = model["periods"][1]["from"]

    with pytest.raises(ValueError, match=f"periods of {model['id']} overlap"):
        parse_book(book)


@pytest.mark.parametrize("period", PERIODS)
def test_every_rate_under_every_modifier_is_a_whole_number(period: Period) -> None:
    """Picodollars hold each price exactly: the rate card would refuse a fraction."""
    for flags in product([False, True], repeat=len(Modifiers._fields)):
        card = rate_card(period, Modifiers(*flags))

        assert all(type(rate) is int and rate > 0 for rate in card if rate is not None)


@pytest.mark.parametrize("period", PERIODS)
def test_rates_stand_in_a_plausible_order(period: Period) -> None:
    """Reads are cheaper than input, writes dearer, an hour dearer than five minutes, output most.

    No price is derived from this; it finds two digits that changed places.
    """
    for rates in _all_rates(period):
        assert rates.input < rates.output
        if rates.cache_read and rates.cache_write_5m and rates.cache_write_1h:
            assert rates.cache_read < rates.input < rates.cache_write_5m < rates.cache_write_1h


def _all_rates(period: Period) -> Iterator[Any]:
    yield period.rates
    if period.long_context:
        yield period.long_context.rates
    if period.fast:
        yield period.fast.rates


def test_lives_and_periods_fit() -> None:
    """A model is priced from its release, without a hole, and lives in order."""
    for model in price_book().models:
        life = [date for date in (model.released, model.deprecated, model.retired) if date]
        assert life == sorted(life), model.id
        assert model.periods[0].first_day <= day_number(model.released) + 1, model.id
        for earlier, later in pairwise(model.periods):
            assert earlier.last_day is not None, model.id
            assert later.first_day == earlier.last_day + 1, model.id


def test_every_id_leads_to_its_model() -> None:
    """Each id of the file finds its own model, and none another's."""
    book = price_book()
    for entry in BOOK["models"]:
        for name in [entry["id"], *(n for key in _ID_LISTS for n in entry.get(key, ()))]:
            found = book.find(name)
            assert found is not None, name
            assert found.id == entry["id"], name


_ID_LISTS = ("aliases", "bedrock", "vertex", "foundry")
