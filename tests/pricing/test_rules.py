"""Each billing rule, by the cases that decide it. Amounts are worked out by hand from the list."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from spanledger.pricing import REASONS, bill, not_billed, price_book, rules, tariff
from tests.pricing.support import MILLION, check, cost_of, on, usage

ALL_KINDS = usage(
    input_tokens=MILLION,
    output_tokens=MILLION,
    cache_read_input_tokens=MILLION,
    cache_creation_input_tokens=2 * MILLION,
    cache_creation={
        "ephemeral_5m_input_tokens": MILLION,
        "ephemeral_1h_input_tokens": MILLION,
    },
)


@pytest.mark.parametrize(
    ("model", "date", "usd"),
    [
        ("claude-fable-5-2", "2026-11-20", "74.2"),
        ("claude-opus-5-5", "2026-11-20", "37.2"),
        ("claude-sonnet-5-5", "2026-10-06", "18.7"),
        ("claude-sonnet-5-5", "2026-10-07", "18.6"),
        ("claude-haiku-4-5", "2026-11-20", "9.35"),
        ("claude-3-haiku-20240307", "2026-04-20", "2.33"),
    ],
)
def test_five_rates_by_date(model: str, date: str, usd: str) -> None:
    """A million of each kind costs the sum of the five rates of that day."""
    check(cost_of(model, ALL_KINDS, on(date)), "priced", usd)


@pytest.mark.parametrize(
    ("at_ns", "usd"),
    [
        (on("2026-10-06", 23), "0.2"),
        (on("2026-10-07", 0), "0.1"),
        (on("2026-10-07", 0) - 1, "0.2"),
    ],
)
def test_a_price_changes_at_midnight_utc(at_ns: int, usd: str) -> None:
    """The last nanosecond of a day still has that day's price."""
    check(
        cost_of("claude-sonnet-5-5", usage(cache_read_input_tokens=MILLION), at_ns), "priced", usd
    )


@pytest.mark.parametrize(
    ("counts", "usd"),
    [
        ({"input_tokens": 100_000, "output_tokens": MILLION}, "0.51"),
        ({"input_tokens": 100_001, "output_tokens": MILLION}, "2.5500005"),
        (
            {"input_tokens": 1, "cache_read_input_tokens": 100_000, "output_tokens": MILLION},
            "2.5050005",
        ),
        ({"input_tokens": 1, "output_tokens": 200_000}, "0.1000001"),
    ],
)
def test_haiku_has_a_step_above_100k_of_prompt(counts: dict[str, int], usd: str) -> None:
    """Strictly more than 100,000 prompt tokens, cached ones included, re-prices the whole call."""
    check(cost_of("claude-haiku-5-5", usage(**counts)), "priced", usd)


@pytest.mark.parametrize(
    ("model", "fields", "usd"),
    [
        ("claude-opus-5-5", {"service_tier": "batch"}, "18.6"),
        ("claude-opus-5-5", {"inference_geo": "us"}, "40.92"),
        ("claude-opus-5-5", {"inference_geo": "global"}, "37.2"),
        ("claude-opus-5-5", {"speed": "fast"}, "74.4"),
        ("claude-opus-5-5", {"speed": "fast", "inference_geo": "us"}, "81.84"),
        ("claude-opus-5-5", {"service_tier": "batch", "inference_geo": "us"}, "20.46"),
        (
            "claude-opus-5-5",
            {"service_tier": "batch", "server_tool_use": {"web_search_requests": 100}},
            "19.6",
        ),
        (
            "claude-opus-5-5",
            {"inference_geo": "us", "server_tool_use": {"web_search_requests": 100}},
            "41.92",
        ),
        ("claude-opus-5-5", {"server_tool_use": {"web_fetch_requests": 9}}, "37.2"),
        ("claude-opus-5-5", {"output_tokens_details": {"thinking_tokens": MILLION}}, "37.2"),
    ],
)
def test_modifiers_stack_and_spare_searches(model: str, fields: dict[str, Any], usd: str) -> None:
    """Batch, residency and speed multiply token rates; searches stay at a cent, fetches free."""
    check(cost_of(model, {**ALL_KINDS, **fields}), "priced", usd)


@pytest.mark.parametrize(
    ("model", "date", "status", "usd", "reasons"),
    [
        ("claude-opus-4-6", "2026-06-28", "priced", "30", ()),
        ("claude-opus-4-6", "2026-06-29", "priced", "5", ("fast_billed_as_standard",)),
        ("claude-opus-4-7", "2026-05-11", "unpriced", None, ("no_fast_price",)),
        ("claude-opus-4-8", "2026-11-29", "priced", "10", ()),
        ("claude-opus-4-8", "2026-11-30", "estimated", "10", ("fast_end_uncertain",)),
        ("claude-sonnet-5-5", "2026-11-20", "unpriced", None, ("no_fast_price",)),
    ],
)
def test_fast_mode_had_its_days(
    model: str, date: str, status: str, usd: str | None, reasons: tuple[str, ...]
) -> None:
    """Fast prices hold on the days on which fast mode was sold."""
    cost = cost_of(model, usage(input_tokens=MILLION, speed="fast"), on(date))

    check(cost, status, usd, *reasons)


@pytest.mark.parametrize(
    ("model", "facts", "status", "usd", "reasons"),
    [
        ("us.anthropic.claude-opus-5-5", {}, "priced", "4.4", ()),
        ("global.anthropic.claude-opus-5-5", {}, "priced", "4", ()),
        ("anthropic.claude-opus-5-5", {"provider": "aws.bedrock"}, "priced", "4.4", ()),
        (
            "claude-opus-5-5",
            {"provider": "aws.bedrock", "request_model": "eu.anthropic.claude-opus-5-5"},
            "priced",
            "4.4",
            (),
        ),
        (
            "claude-opus-5-5",
            {"provider": "aws.bedrock"},
            "estimated",
            "4",
            ("region_unknown",),
        ),
        (
            "claude-opus-5-5",
            {"provider": "gcp.vertex_ai", "server_address": "aiplatform.googleapis.com"},
            "priced",
            "4",
            (),
        ),
        (
            "claude-opus-5-5",
            {"provider": "gcp.vertex_ai", "server_address": "us-east5-aiplatform.googleapis.com"},
            "priced",
            "4.4",
            (),
        ),
        (
            "claude-opus-5-5",
            {"provider": "gcp.vertex_ai", "server_address": "llm-gateway.internal"},
            "estimated",
            "4",
            ("region_unknown",),
        ),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", {}, "priced", "15", ()),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
            {},
            "priced",
            "1.1",
            (),
        ),
    ],
)
def test_regional_endpoints_cost_a_tenth_more(
    model: str, facts: dict[str, Any], status: str, usd: str, reasons: tuple[str, ...]
) -> None:
    """From the 4.5 generation on, regional Bedrock and Google Cloud endpoints cost 10 % more."""
    check(cost_of(model, usage(input_tokens=MILLION), **facts), status, usd, *reasons)


@pytest.mark.parametrize(
    ("fields", "status", "usd", "reasons"),
    [
        ({"cache_creation_input_tokens": MILLION}, "estimated", "5", ("cache_ttl_split_unknown",)),
        (
            {
                "cache_creation_input_tokens": 3 * MILLION,
                "cache_creation": {"ephemeral_1h_input_tokens": MILLION},
            },
            "priced",
            "18",
            (),
        ),
        (
            {
                "cache_creation_input_tokens": MILLION,
                "cache_creation": {"ephemeral_1h_input_tokens": 2 * MILLION},
            },
            "priced",
            "8",
            (),
        ),
        ({"cache_creation": {"ephemeral_1h_input_tokens": MILLION}}, "priced", "8", ()),
    ],
)
def test_cache_lifetimes(
    fields: dict[str, Any], status: str, usd: str, reasons: tuple[str, ...]
) -> None:
    """One-hour writes are clamped to the total, the rest is five-minute; unsplit is an estimate."""
    check(cost_of("claude-opus-5-5", usage(**fields)), status, usd, *reasons)


@pytest.mark.parametrize(
    ("date", "output", "provider", "usd", "reasons"),
    [
        ("2026-11-20", 0, "anthropic", "0", ("refusal_not_billed",)),
        ("2026-11-20", 1, "anthropic", "4.00002", ()),
        ("2026-11-20", 0, "aws.bedrock", "4.4", ()),
    ],
)
def test_a_refusal_before_output_is_free(
    date: str, output: int, provider: str, usd: str, reasons: tuple[str, ...]
) -> None:
    """On the Claude API a refusal is billed only once it has written something."""
    cost = cost_of(
        "claude-opus-5-5",
        usage(input_tokens=MILLION, output_tokens=output),
        on(date),
        stop_reason="refusal",
        provider=provider,
        request_model="us.anthropic.claude-opus-5-5" if provider == "aws.bedrock" else None,
    )

    check(cost, "priced", usd, *reasons)


def test_a_refusal_was_billed_before_june_2026() -> None:
    """Until 2026-06-01 a refusal's input was billed."""
    fields = usage(input_tokens=MILLION)
    cost = cost_of("claude-opus-4-8", fields, on("2026-06-01"), stop_reason="refusal")

    check(cost, "priced", "5")


def test_an_incomplete_stream_is_an_estimate() -> None:
    """What is known of a stream that ended early is a lower bound."""
    cost = cost_of("claude-opus-5-5", usage(input_tokens=MILLION, output_tokens=1), complete=False)

    check(cost, "estimated", "4.00002", "usage_incomplete")


def test_an_inferred_price_is_an_estimate() -> None:
    """A row of the book that nobody verified cannot give more than an estimate."""
    cost = cost_of("claude-mythos-preview", usage(input_tokens=MILLION), on("2026-05-01"))

    check(cost, "estimated", "25", "price_inferred")


def test_a_redeemed_fallback_credit_is_an_estimate() -> None:
    """A credit shifts the price by an amount that the API does not report."""
    fields = usage(input_tokens=MILLION, fallback_credit={"status": {"type": "redeemed"}})

    check(cost_of("claude-opus-5-5", fields), "estimated", "4", "fallback_credit_redeemed")


def test_what_is_not_billed_is_exactly_zero() -> None:
    """A failed request is priced at zero, with the reason and the book that says so."""
    cost = not_billed("claude-opus-5-5", "request_failed")

    check(cost, "priced", "0", "request_failed")
    assert cost.prices_version == price_book().version


def test_every_reason_is_explained() -> None:
    """Each code that the rules can give has a sentence for people."""
    source = "".join(Path(str(each.__file__)).read_text("utf-8") for each in (rules, bill, tariff))
    given = r'(?:append|Error|unpriced)\("(\w+)"|\+= \("(\w+)",\)|\["(\w+)"\]$|yield "(\w+)"'
    codes = {"".join(found) for found in re.findall(given, source, re.MULTILINE)}

    assert codes <= set(REASONS)
    assert len(codes) > 18
