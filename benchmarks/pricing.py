"""Calls priced per second, beside `genai-prices` and `litellm` on the same calls.

    python benchmarks/pricing.py
    python benchmarks/pricing.py --litellm-python .litellm/bin/python

Ours: one `price` call at a time, as the instrumentation does; from the API's usage object; and by
column, as the collector does when it prices history anew. litellm does not share our environment:
give the Python of a virtual environment that has it, else it is left out. The fastest of some
rounds counts, on one core. Totals are compared, so that nobody wins by pricing something else.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import time
from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa

from spanledger.pricing import price, price_book, usage_from_api
from spanledger_collector.prices.columns import COUNTS, FACTS, price_columns

AT = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
AT_NS = int(AT.timestamp()) * 10**9
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-4-5", "claude-opus-5")
CALLS = 2_000
COLUMN_CALLS = 300_000
ROUNDS = 5
LITELLM = """
import json, sys, time
import litellm
from litellm.types.utils import Usage, PromptTokensDetailsWrapper
calls = json.load(sys.stdin)
made = [
    (model, Usage(prompt_tokens=u["input_tokens"] + u["cache_read_input_tokens"],
                  completion_tokens=u["output_tokens"], total_tokens=0,
                  cache_read_input_tokens=u["cache_read_input_tokens"]))
    for model, u in calls
]
best = None
for _ in range(3):
    start = time.perf_counter()
    total = 0.0
    for model, usage in made:
        total += sum(litellm.cost_per_token(model=model, usage_object=usage,
                                            custom_llm_provider="anthropic"))
    took = time.perf_counter() - start
    best = took if best is None else min(best, took)
print(json.dumps({"seconds": best, "total": total}))
"""


def main() -> None:
    """Measure and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--litellm-python", help="a Python that can import litellm")
    given = arguments.parse_args()
    calls = made_up(CALLS)
    print("| | calls/s | us a call | total of the same calls |\n|---|---|---|---|")
    for name, work in (
        ("spanledger, one by one", ours(calls)),
        ("spanledger, from the API's usage object", ours_from_api(calls)),
        ("genai-prices", theirs(calls)),
    ):
        row(name, len(calls), *fastest(work))
    columns = as_columns(made_up(COLUMN_CALLS))
    row("spanledger, by column", COLUMN_CALLS, *fastest(lambda: by_column(columns)))
    if given.litellm_python:
        told = subprocess.run(
            [given.litellm_python, "-c", LITELLM],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            check=True,
        )
        found = json.loads(told.stdout.splitlines()[-1])
        row("litellm", len(calls), found["seconds"], Decimal(str(found["total"])))
    else:
        print("\nlitellm was left out: no --litellm-python.")


def made_up(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Models and API usage objects; no two alike."""
    dice = random.Random(1)
    return [
        (
            MODELS[number % len(MODELS)],
            {
                "input_tokens": dice.randrange(1, 50_000),
                "output_tokens": dice.randrange(1, 4_000),
                "cache_read_input_tokens": dice.choice([0, dice.randrange(100_000)]),
            },
        )
        for number in range(count)
    ]


def ours(calls: list[tuple[str, dict[str, Any]]]) -> Callable[[], Decimal]:
    """Price usage that is there."""
    made = [(model, usage_from_api(usage)) for model, usage in calls]

    def work() -> Decimal:
        total = 0
        for model, usage in made:
            total += price(model, usage, at_ns=AT_NS).picodollars or 0
        return Decimal(total).scaleb(-12)

    return work


def ours_from_api(calls: list[tuple[str, dict[str, Any]]]) -> Callable[[], Decimal]:
    """Read the usage object and price it."""

    def work() -> Decimal:
        total = 0
        for model, usage in calls:
            total += price(model, usage_from_api(usage), at_ns=AT_NS).picodollars or 0
        return Decimal(total).scaleb(-12)

    return work


def theirs(calls: list[tuple[str, dict[str, Any]]]) -> Callable[[], Decimal]:
    """The same by genai-prices, whose input count includes cached tokens."""
    from genai_prices import Usage as TheirUsage
    from genai_prices import calc_price

    made = [
        (
            model,
            TheirUsage(
                input_tokens=usage["input_tokens"] + usage["cache_read_input_tokens"],
                output_tokens=usage["output_tokens"],
                cache_read_tokens=usage["cache_read_input_tokens"],
            ),
        )
        for model, usage in calls
    ]

    def work() -> Decimal:
        answers = (
            calc_price(usage, model, provider_id="anthropic", genai_request_timestamp=AT)
            for model, usage in made
        )
        return sum((answer.total_price for answer in answers), Decimal(0))

    return work


def as_columns(calls: list[tuple[str, dict[str, Any]]]) -> pa.Table:
    """Calls as the ledger's columns."""
    usages = [usage_from_api(usage) for _, usage in calls]
    same: dict[str, Any] = {
        "operation": "chat",
        "provider": "anthropic",
        "http_status": 200,
        "stop_reason": "end_turn",
        "request_sent": True,
        "usage_known": True,
        "usage_complete": True,
        "ttl_split_known": True,
        "fallback_credit_redeemed": False,
    }
    models = [model for model, _ in calls]
    columns: dict[str, pa.Array] = {
        name: pa.array([same.get(name)] * len(calls)) for name in FACTS if "model" not in name
    }
    for name in ("service_tier", "speed", "inference_geo", "server_address"):
        columns[name] = pa.array([None] * len(calls), pa.string())
    columns |= {name: pa.array(models) for name in ("request_model", "response_model")}
    columns |= {name: pa.array([getattr(u, name) for u in usages]) for name in COUNTS}
    columns["message_id"] = pa.array([f"msg_{n}" for n in range(len(calls))])
    columns["iterations"] = pa.array([None] * len(calls), pa.string())
    columns["start_time"] = pa.array([AT_NS // 1000] * len(calls), pa.timestamp("us"))
    return pa.table(columns)


def by_column(columns: pa.Table) -> Decimal:
    """Price them all at once."""
    totals = price_columns(columns, price_book()).totals
    return Decimal(int(totals.sum())).scaleb(-12)


def fastest(work: Callable[[], Decimal]) -> tuple[float, Decimal]:
    """Seconds of the fastest round, and what it gave."""
    best, answer = float("inf"), Decimal(0)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        answer = work()
        best = min(best, time.perf_counter() - start)
    return best, answer


def row(name: str, count: int, seconds: float, total: Decimal) -> None:
    """Print a line of the table."""
    print(f"| {name} | {count / seconds:,.0f} | {seconds / count * 1e6:.2f} | ${total:.6f} |")


if __name__ == "__main__":
    main()
