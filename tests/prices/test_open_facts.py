"""What a call's source left open stays open when the call is priced anew."""

from __future__ import annotations

from pathlib import Path

from spanledger.pricing import price_book
from spanledger_collector.prices.contract import contract_from_toml
from spanledger_collector.prices.differences import differences
from spanledger_collector.store import batch_of
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.recorded import booked, recorded_spans
from tests.prices.support import stored

HALF = """
[[override]]
models = ["claude-sonnet-*"]
discount_percent = 50
"""


def test_an_estimate_stays_one_at_other_prices(tmp_path: Path) -> None:
    """By the same prices nothing changes; by others the amount does, and the reasons do not."""
    files = ("otel_genai", "logfire", "anthropic_sdk_native")
    spans = [span for case in "aq" for file in files for span in recorded_spans(file, case)]
    unique = [
        span._replace(attributes={**span.attributes, "gen_ai.response.id": f"msg_{number}"})
        for number, span in enumerate(spans)
    ]
    store = DuckDBStore(tmp_path)
    store.append([batch_of(booked(*unique))])
    calls = stored(store)
    same, _ = differences(calls, price_book())
    changed, _ = differences(calls, contract_from_toml(HALF, "prices.toml", price_book()))
    store.close()

    before = {row["call_key"]: row for row in calls.to_pylist()}
    assert same.num_rows == 0
    assert changed.num_rows == 3
    for row in changed.to_pylist():
        assert row["cost_usd"] != before[row["call_key"]]["cost_usd"]
        assert row["cost_reasons"] == before[row["call_key"]]["cost_reasons"]
        assert row["cost_status"] == "estimated"
