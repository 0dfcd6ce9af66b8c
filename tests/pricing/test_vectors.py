"""Each billing rule and each stack of them, by amounts worked out outside the code.

A vector of `vectors.json` carries its own working: `terms` are tokens, list price in US dollars per
million and factors, as read from the published prices, and `usd` is their sum. The first test
does that sum anew, without a line of the pricing code; the second asks the code.
"""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from math import prod
from pathlib import Path
from typing import Any

import pytest

from spanledger.pricing import price, usage_from_api
from tests.pricing.support import check, on

VECTORS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("vectors.json").read_text(encoding="utf-8")
)
SEARCH_USD = Fraction("0.01")
each_vector = pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])


@each_vector
def test_the_working_gives_the_amount(vector: dict[str, Any]) -> None:
    """The written terms and searches add up to the written dollars; no price has no working."""
    if vector["status"] == "unpriced":
        assert not {"terms", "usd"} & set(vector)
        return
    tokens = sum(
        Fraction(count) * Fraction(usd) / 10**6 * prod(map(Fraction, factors))
        for count, usd, *factors in vector["terms"]
    )

    assert tokens + vector.get("searches", 0) * SEARCH_USD == Fraction(vector["usd"])


@each_vector
def test_the_code_gives_the_amount(vector: dict[str, Any]) -> None:
    """The call costs exactly that, in that state, for those reasons."""
    cost = price(
        vector["model"],
        usage_from_api(vector["usage"]),
        at_ns=on(vector["date"]),
        **vector.get("facts", {}),
    )

    check(cost, vector["status"], vector.get("usd"), *vector.get("reasons", ()))
    assert cost.list_picodollars == cost.picodollars


def test_there_are_enough_of_them() -> None:
    """Every rule has several vectors, each vector its own name."""
    rules = Counter(vector["rule"] for vector in VECTORS)

    assert len(VECTORS) >= 150
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)
    assert {rule for rule, count in rules.items() if count < 2} == {"fallback-credit"}
