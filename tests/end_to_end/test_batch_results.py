"""A batch's results, from the API's bill to the ledger's answer, however often they are read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import anthropic
import httpx2
import pytest

import spanledger
from spanledger import batches
from spanledger_collector.server import RunningCollector
from spanledger_demo.simulator import Simulator, asking

ASKED: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "May I?"}],
}
ENDS: dict[str, Any] = {
    "one": {},
    "two": {"web_searches": 2},
    "bad": {"result": "errored"},
    "late": {"result": "expired"},
    "gone": {"result": "canceled"},
}


def test_results_read_twice_are_counted_once(
    simulator: Simulator,
    collector: RunningCollector,
    api: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The ledger holds each result once, and the batch costs what the API billed for it."""
    requests: Any = [{"custom_id": name, "params": ASKED} for name in ENDS]
    with anthropic.Anthropic(base_url=simulator.url, api_key="test") as client:
        made = client.messages.batches.create(
            requests=requests, extra_headers=asking(batch_s=0, items=ENDS)
        )
        for _ in range(2):
            monkeypatch.setattr(batches, "_ended_ns", {})  # as in another process
            spanledger.instrument(collector.url, service_name="nightly")
            list(client.messages.batches.results(made.id))
            assert spanledger.flush(60.0)
            spanledger.uninstrument()
    rows = api.get("/api/v1/query/usage", params={"group_by": "outcome"}).json()["rows"]
    [health] = api.get("/api/v1/query/health").json()["rows"]
    calls = {row["group_1"]: row["calls"] for row in rows}
    costs = {row["group_1"]: Decimal(row["cost_usd"]) for row in rows}

    assert calls == {"completed": 2, "failed": 2, "cancelled": 1}
    assert costs == {"completed": simulator.bill().usd(), "failed": 0, "cancelled": 0}
    assert simulator.bill().usd() > 0
    assert health["duplicates_since_start"] == len(ENDS)
