"""Ids that are known in every form, and everything that has no price: unpriced, never zero."""

from __future__ import annotations

import pytest

from spanledger.pricing import price, price_book
from tests.pricing.support import TODAY, check, cost_of, on, usage


@pytest.mark.parametrize(
    "model",
    [
        "claude-sonnet-4-5",
        "claude-sonnet-4-5-20250929",
        "claude-sonnet-4-5[1m]",
        "claude-sonnet-4-5@20250929",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "Claude-Sonnet-4-5 ",
        "publishers/anthropic/models/claude-sonnet-4-5@20250929",
    ],
)
def test_every_form_of_an_id_is_known(model: str) -> None:
    """API ids, aliases and platform forms name one model."""
    found = price_book().find(model)

    assert found is not None
    assert found.id == "claude-sonnet-4-5-20250929"


@pytest.mark.parametrize(
    "model", ["gpt-4o", "claude-sonnet-9", "claude", "", "anthropic.", "claude-opus-5-5-20990101"]
)
def test_an_unknown_model_is_unpriced(model: str) -> None:
    """A model that the book does not know has no price: neither zero nor its family's."""
    check(cost_of(model, usage(input_tokens=5)), "unpriced", None, "unknown_model")


@pytest.mark.parametrize(
    ("model", "date"),
    [("claude-opus-5-5", "2026-09-21"), ("claude-3-opus-20240229", "2026-01-06")],
)
def test_outside_a_models_days_there_is_no_price(model: str, date: str) -> None:
    """Before its first and after its last priced day a model is unpriced."""
    check(cost_of(model, usage(), on(date)), "unpriced", None, "no_price_at_date")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"service_tier": "priority"}, "priority_tier"),
        ({"service_tier": "flex"}, "unknown_service_tier"),
        ({"speed": "warp"}, "unknown_speed"),
        ({"inference_geo": "mars"}, "unknown_inference_geo"),
    ],
)
def test_what_the_rules_do_not_know_is_unpriced(fields: dict[str, str], reason: str) -> None:
    """A tier, speed or geography without a known price makes the call unpriced."""
    check(cost_of("claude-opus-5-5", usage(**fields)), "unpriced", None, reason)


def test_unknown_usage_is_unpriced() -> None:
    """A call whose usage nobody reported is unpriced, with its model known."""
    cost = price("claude-opus-5-5", None, at_ns=TODAY)

    check(cost, "unpriced", None, "usage_unknown")
    assert cost.model == "claude-opus-5-5"


def test_cached_tokens_of_a_model_without_cache_prices_are_unpriced() -> None:
    """A model sold before prompt caching has no price for cached tokens."""
    fields = usage(cache_read_input_tokens=5)

    check(cost_of("claude-2.1", fields, on("2025-01-01")), "unpriced", None, "no_cache_price")
