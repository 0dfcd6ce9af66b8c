"""From the one line in a service to the answer of a query: the ledger is the bill."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import anthropic
import duckdb
import httpx2

import spanledger
from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import Settings
from spanledger_demo.simulator import Simulator, asking

ROOT = Path(__file__).parents[2]
PREFIX = [{"type": "text", "text": "policy " * 3000, "cache_control": {"type": "ephemeral"}}]


def call_in_many_ways(client: anthropic.Anthropic, model: str) -> None:
    """Eight billed calls on the roads that services take, with a growing cache."""
    ask: dict[str, Any] = {
        "model": model,
        "max_tokens": 200,
        "system": PREFIX,
        "messages": [{"role": "user", "content": "May I?"}],
    }
    client.messages.create(**ask)
    client.messages.create(**ask)
    list(client.messages.create(**ask, stream=True))
    with client.messages.stream(**ask) as stream:
        stream.get_final_message()
    client.messages.with_raw_response.create(**ask).parse()
    client.beta.messages.create(**ask)
    client.messages.create(**ask, extra_headers=asking(web_searches=3))
    client.messages.create(**ask, extra_headers=asking(usage={"inference_geo": "us"}))


def totals(api: httpx2.Client, **parameters: str) -> list[dict[str, Any]]:
    """The answer of the `usage` query."""
    answer = api.get("/api/v1/query/usage", params=parameters).raise_for_status()
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_the_ledger_equals_the_bill(
    simulator: Simulator, collector: RunningCollector, api: httpx2.Client
) -> None:
    """What the API billed, by its own table and arithmetic, is what the ledger says, exactly."""
    spanledger.instrument(collector.url, service_name="shop")
    with (
        spanledger.tags(team="payments", feature="refunds"),
        anthropic.Anthropic(base_url=simulator.url, api_key="test") as client,
    ):
        for model in ("claude-opus-5-5", "claude-haiku-5-5", "claude-sonnet-5-5"):
            call_in_many_ways(client, model)
    assert spanledger.flush(60.0)
    bill = simulator.bill()
    [row] = totals(api, group_by="team", group_by_2="feature")

    assert (row["group_1"], row["group_2"]) == ("payments", "refunds")
    assert Decimal(row["cost_usd"]) == bill.usd()
    assert row["calls"] == 24
    assert row["unpriced_calls"] == row["estimated_calls"] == 0
    assert row["cache_read_tokens"] > row["cache_write_5m_tokens"] > 0


def test_the_clients_claim_is_the_collectors_price(
    simulator: Simulator, settings: Settings
) -> None:
    """The library and the collector price a call alike; the ledger keeps both figures."""
    with (
        running_collector(settings) as collector,
        anthropic.Anthropic(base_url=simulator.url, api_key="test") as client,
    ):
        spanledger.instrument(collector.url)
        call_in_many_ways(client, "claude-haiku-5-5")
        assert spanledger.flush(60.0)
        spanledger.uninstrument()
    with duckdb.connect(str(settings.store.path / "ledger.duckdb"), read_only=True) as ledger:
        rows = ledger.execute("select cost_usd, claimed_usd from calls").fetchall()

    assert len(rows) == 8
    assert all(cost == claimed > 0 for cost, claimed in rows)


def test_calls_that_cost_nothing_or_nobody_knows(
    simulator: Simulator, collector: RunningCollector, api: httpx2.Client
) -> None:
    """Errors cost zero, timeouts are unpriced, streams left early are estimates: all are told."""
    spanledger.instrument(collector.url)
    ask: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=0) as client:
        impatient = client.with_options(timeout=anthropic.Timeout(60.0, read=0.05))
        for caller, directives in ((client, {"status": 529}), (impatient, {"delay_s": 30})):
            try:
                caller.messages.create(**ask, extra_headers=asking(**directives))
            except anthropic.APIError:
                continue
            raise AssertionError("the simulator answered")
        with client.messages.create(**ask, stream=True) as stream:
            next(stream)
    assert spanledger.flush(60.0)
    by_status = {row["group_1"]: row for row in totals(api, group_by="cost_status")}

    assert by_status["priced"]["errors"] == 1
    assert Decimal(by_status["priced"]["cost_usd"]) == 0
    assert by_status["unpriced"]["unpriced_calls"] == 1
    assert by_status["unpriced"]["cost_usd"] is None
    assert by_status["estimated"]["estimated_calls"] == 1
    assert Decimal(by_status["estimated"]["cost_usd"]) > 0


def test_an_outage_of_the_collector_loses_nothing(simulator: Simulator, settings: Settings) -> None:
    """Calls made while the collector is away arrive, once, when it is back."""
    ask: dict[str, Any] = {
        "model": "claude-haiku-5-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hi"}],
    }
    with anthropic.Anthropic(base_url=simulator.url, api_key="test") as client:
        with running_collector(settings) as collector:
            url = collector.url
            spanledger.instrument(url)
            client.messages.create(**ask)
            assert spanledger.flush(60.0)
        for _ in range(5):
            client.messages.create(**ask)
        assert not spanledger.flush(0.5)
        port = int(url.rpartition(":")[2])
        back = settings.model_copy(
            update={"collector": settings.collector.model_copy(update={"port": port})}
        )
        with running_collector(back), httpx2.Client(base_url=url) as api:
            assert spanledger.flush(60.0)
            [row] = totals(api)
            spanledger.uninstrument()

    assert row["calls"] == 6
    assert Decimal(row["cost_usd"]) == simulator.bill().usd()


async def test_many_tasks_keep_their_tags(
    simulator: Simulator, collector: RunningCollector, api: httpx2.Client
) -> None:
    """Fifty concurrent streams of two teams are each booked to their own team."""
    spanledger.instrument(collector.url)

    async def work(client: anthropic.AsyncAnthropic, number: int) -> None:
        with spanledger.tags(team=f"team-{number % 2}", user=f"u-{number}"):
            async with client.messages.stream(
                model="claude-haiku-5-5",
                max_tokens=20,
                messages=[{"role": "user", "content": f"Question {number}"}],
            ) as stream:
                await stream.get_final_message()

    async with anthropic.AsyncAnthropic(base_url=simulator.url, api_key="test") as client:
        await asyncio.gather(*(work(client, number) for number in range(50)))
    assert await asyncio.to_thread(spanledger.flush, 10.0)
    by_team = {row["group_1"]: row["calls"] for row in totals(api, group_by="team")}

    assert by_team == {"team-0": 25, "team-1": 25}
    assert len(totals(api, group_by="user_id")) == 50


def test_the_readmes_snippet_works(
    simulator: Simulator, collector: RunningCollector, api: httpx2.Client
) -> None:
    """The code that the README tells people to add runs and reports its call."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = re.search(r"<!-- snippet: service -->\n```python\n(.*?)```", readme, re.DOTALL)
    assert snippet is not None
    environment = {
        **os.environ,
        "ANTHROPIC_BASE_URL": simulator.url,
        "ANTHROPIC_API_KEY": "test",
        "SPANLEDGER_ENDPOINT": collector.url,
    }
    environment.pop("PYTEST_CURRENT_TEST", None)
    subprocess.run([sys.executable, "-c", snippet[1]], env=environment, check=True, timeout=300)
    [row] = totals(api, group_by="team", group_by_2="user_id")

    assert (row["group_1"], row["group_2"], row["calls"]) == ("search", "u-42", 1)
