"""What the benchmark names as drivers is what messages name: one sum, in Python and in SQL."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from spanledger import semconv
from spanledger_collector.alerts.detect.drivers import Use, drivers
from spanledger_collector.server import running_collector
from tests.collector.support import Client, Document, call_span, settings_for

BEGUN = datetime(2026, 11, 20, 10)
WEEK = timedelta(days=7)
CAUSES = ("volume", "mix", "tokens", "cache", "price", "search")
MODELS = ("claude-sonnet-4-6", "claude-haiku-4-5", "claude-opus-4-6")
_PARTS = {
    "input": "input",
    "cache_read": "cache_read",
    "cache_write_5m": "cache_write",  # of these calls all writes live five minutes
    "output": "output",
}
"""Each kind of token, and the cost that is told of it."""


def _calls(seed: int) -> Iterator[Document]:
    """Two windows of calls of four teams, each with other models, tokens and caches."""
    dice = random.Random(seed)
    for number in range(300):
        later = number % 3 > 0
        team = dice.choice(("a", "b", "c") if not later else ("a", "a", "b", "d"))
        at = BEGUN + timedelta(minutes=dice.randrange(58)) - (timedelta() if later else WEEK)
        start = int((at - datetime(1970, 1, 1)).total_seconds()) * 10**9
        read, written = dice.randrange(0, 40_000, 1000), dice.randrange(0, 9_000, 1000)
        facts: dict[str, object] = {
            semconv.REQUEST_MODEL: (model := dice.choice(MODELS[later:])),
            semconv.RESPONSE_MODEL: model,
            semconv.TAG_PREFIX + "team": team,
            semconv.INPUT_TOKENS: read + written + dice.randrange(1, 60_000),
            semconv.CACHE_READ_TOKENS: read,
            semconv.CACHE_WRITE_5M_TOKENS: written,
            semconv.OUTPUT_TOKENS: dice.randrange(1, 4_000),
            semconv.WEB_SEARCH_REQUESTS: dice.choice((0, 0, 1, 5)),
        }
        yield call_span(f"msg_{seed}_{number}", start_ns=start, attributes=facts)


def _uses(rows: list[Document]) -> list[Use]:
    return [
        Use(
            group=row["group_1"],
            model=row["group_2"],
            provider="anthropic",
            calls=float(row["calls"]),
            usd=float(row["cost_usd"]),
            searches=float(row["web_search_requests"]),
            search_usd=float(row["web_search_usd"]),
            **_amounts(row),
        )
        for row in rows
    ]


def _amounts(row: Document) -> dict[str, Any]:
    tokens = {f"{kind}_tokens": float(row[f"{kind}_tokens"]) for kind in _PARTS}
    return tokens | {f"{kind}_usd": float(row[f"{part}_usd"]) for kind, part in _PARTS.items()}


@pytest.mark.parametrize("seed", [1, 2])
def test_drivers_agree_with_what_changed(tmp_path: Path, seed: int) -> None:
    """Every group's difference, its share, and each of its six causes; in the same order."""
    with running_collector(settings_for(tmp_path, grpc_port="off")) as collector:
        client = Client(collector.url)
        client.send(*_calls(seed))
        sides = [
            client.query(
                "usage",
                start=f"{begun.isoformat()}Z",
                end=f"{(begun + timedelta(hours=1)).isoformat()}Z",
                group_by="team",
                group_by_2="model",
            )
            for begun in (BEGUN - WEEK, BEGUN)
        ]
        changed = client.query(
            "what_changed",
            before_start=f"{(BEGUN - WEEK).isoformat()}Z",
            before_end=f"{(BEGUN - WEEK + timedelta(hours=1)).isoformat()}Z",
            start=f"{BEGUN.isoformat()}Z",
            end=f"{(BEGUN + timedelta(hours=1)).isoformat()}Z",
            group_by="team",
        )
        client.close()
    before, after = map(_uses, sides)
    found = {each.group: each for each in drivers(before, after)}
    whole = sum(Decimal(row["difference_usd"]) for row in changed)
    sums: dict[str, float] = defaultdict(float)

    assert set(found) == {row["group_1"] for row in changed} == {"a", "b", "c", "d"}
    for row in changed:
        driver = found[row["group_1"]]
        assert driver.difference_usd == pytest.approx(float(row["difference_usd"]), abs=1e-6)
        assert driver.share == pytest.approx(float(Decimal(row["difference_usd"]) / whole))
        for cause in CAUSES:
            told = getattr(driver, f"{cause}_usd")
            assert told == pytest.approx(float(row[f"{cause}_usd"]), abs=1e-6), cause
            sums[cause] += abs(told)
    assert all(sums[cause] > 0 for cause in CAUSES if cause != "price")
