"""Pricing by column is the rules, call by call, whatever the calls are."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from spanledger import semconv
from spanledger.pricing import PriceBook, price_book
from spanledger_collector.prices.columns import price_columns
from spanledger_collector.prices.contract import contract_from_toml
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import call_span
from tests.prices.support import batch, random_spans, stored

AMOUNTS = (
    "cost_usd",
    "input_usd",
    "output_usd",
    "cache_read_usd",
    "cache_write_5m_usd",
    "cache_write_1h_usd",
    "web_search_usd",
)
CONTRACT = """
[[override]]
models = ["claude-haiku-*", "claude-opus-*"]
discount_percent = 7.77
web_search_usd = "0.009"
[[override]]
models = ["claude-sonnet-4-6"]
platforms = ["aws.bedrock"]
rates = { input = "2.5", cache_read = "0.2" }
"""
TURN = {"type": "message", "input_tokens": 60_000, "output_tokens": 5}


def odd_span(dice: random.Random) -> dict[str, Any]:
    """A call with any mixture of what the rules look at."""
    listed = json.dumps([TURN, TURN]) if dice.random() < 0.2 else None
    inp = 120_000 if listed else dice.choice([0, 1, 99_999, 100_001, 250_000, 2 * 10**10])
    read, written = dice.choice([0, 0, 7, 60_000]), dice.choice([0, 0, 500])
    model = dice.choice(
        ["claude-haiku-5-5", "claude-opus-5-5", "claude-opus-4-8", "claude-2.1",
         "us.anthropic.claude-sonnet-4-6", "claude-sonnet-4-6", "claude-mythos-preview", "what"]
    )  # fmt: skip
    return call_span(
        f"msg_{dice.getrandbits(64)}",
        start_ns=int(datetime(2026, 5, 1).timestamp()) * 10**9
        + dice.randrange(200) * 86_400 * 10**9,
        attributes={
            semconv.REQUEST_MODEL: model,
            semconv.RESPONSE_MODEL: dice.choice([model, None]),
            semconv.PROVIDER_NAME: dice.choice(["anthropic", "aws.bedrock", "gcp.vertex_ai"]),
            semconv.INPUT_TOKENS: inp + read + written,
            semconv.CACHE_READ_TOKENS: read,
            semconv.CACHE_WRITE_TOKENS: written,
            semconv.CACHE_WRITE_1H_TOKENS: dice.choice([None, written // 2]),
            semconv.OUTPUT_TOKENS: dice.choice([0, 10]),
            semconv.WEB_SEARCH_REQUESTS: dice.choice([None, 0, 3]),
            semconv.SERVICE_TIER: dice.choice([None, "standard", "batch", "priority"]),
            semconv.SPEED: dice.choice([None, None, "fast", "warp"]),
            semconv.INFERENCE_GEO: dice.choice([None, "global", "us"]),
            semconv.STOP_REASON: dice.choice(["end_turn", "refusal"]),
            semconv.USAGE_COMPLETE: dice.random() < 0.9,
            semconv.ITERATIONS: listed,
            semconv.FALLBACK_CREDIT: dice.choice([None, None, "redeemed"]),
            semconv.SERVER_ADDRESS: dice.choice([None, "aiplatform.googleapis.com"]),
        },
    )


@pytest.mark.parametrize("contract", ["", CONTRACT])
@pytest.mark.parametrize("seed", range(3))
def test_columns_say_what_the_rules_say(tmp_path: Path, seed: int, contract: str) -> None:
    """Thousands of odd calls: the same state, reasons, model, parts and list price as at ingest."""
    dice = random.Random(seed)
    book = contract_from_toml(contract, "prices.toml", price_book())
    spans = [odd_span(dice) for _ in range(1500)]
    spans += random_spans(dice, 500, datetime(2026, 11, 1) + timedelta(hours=seed))
    store = DuckDBStore(tmp_path)
    store.append([batch(spans, book)])
    calls = stored(store)
    store.close()
    assert_same(calls, book)


def assert_same(calls: pa.Table, book: PriceBook) -> None:
    priced = price_columns(calls, book)
    rows = calls.to_pylist()
    assert len(rows) == 2000
    for row, outcome, parts, listed in zip(
        rows, priced.outcome, priced.parts, priced.listed, strict=True
    ):
        cost = priced.costs[outcome]
        amounts = [None] * 7 if cost.parts is None else [int(parts.sum()), *map(int, parts)]
        listed_amount = None if cost.parts is None else int(listed)
        assert (cost.status, list(cost.reasons)) == (row["cost_status"], row["cost_reasons"])
        assert [None if row[n] is None else int(row[n].scaleb(12)) for n in AMOUNTS] == amounts
        known = row["list_usd"]
        assert (None if known is None else int(known.scaleb(12))) == listed_amount
        assert (cost.model or row["response_model"] or row["request_model"]) == row["model"]


def test_no_calls_cost_nothing(tmp_path: Path) -> None:
    """An empty table is no special case for its readers."""
    store = DuckDBStore(tmp_path)

    assert price_columns(stored(store), price_book()).totals.tolist() == []
    store.close()
