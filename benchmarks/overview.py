"""How long the Overview page waits for its six answers, over HTTP, on a ledger of any size.

    python benchmarks/big_ledger.py /tmp/ten --calls 10000000
    python benchmarks/overview.py /tmp/ten

The questions are over all ninety days: spend against last month, cost by day and model, cost by
service and by team, tokens by day, the latest calls. Each round asks the six one after the other,
then all together, as the page's cards do: its wait is until the last has answered. The dearest
users and the latencies, which other pages show, are asked beside them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx2

from spanledger_collector.server import running_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings

ARROW = "application/vnd.apache.arrow.stream"
LIMIT_MS = 100.0
ON_THE_PAGE = 6
TOGETHER = "page, all together"
COST = ["cost_usd", "requests", "unpriced_calls"]
TOKENS = [
    *("input_tokens", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens"),
    "output_tokens",
]
SUMMARY = [*COST, *TOKENS, "calls", "errors", "estimated_calls"]
"""What the dashboard asks for."""

Question = tuple[str, str, dict[str, Any]]


def questions(days: int, *, every: bool = False) -> list[Question]:
    """The page's questions: what for, which query, with which parameters.

    Args:
        days: of how many days.
        every: with all measures, and not only those that the page shows.
    """
    now = datetime.now(timezone.utc)
    shown = {"start": (now - timedelta(days=days)).isoformat(), "end": now.isoformat()}
    zone = {"tz": "Europe/Berlin"}
    summary, cost, tokens = (
        {} if every else {"measures": each} for each in (SUMMARY, COST, TOKENS)
    )
    usage = {**shown, **zone}
    by_day = {**usage, "bucket": "day"}
    return [
        ("spend summary", "spend_summary", {**zone, **summary}),
        ("cost by day and model", "usage", {**by_day, "group_by": "model", **cost}),
        ("cost by service", "usage", {**usage, "group_by": "service", **cost}),
        ("cost by team", "usage", {**usage, "group_by": "team", **cost}),
        ("tokens by day", "usage", {**by_day, **tokens}),
        ("latest calls", "latest_calls", {**shown, "limit": "50"}),
        ("dearest users", "users", {**shown, "limit": "20"}),
        ("latency by day, model", "latency", by_day),
    ]


def measure(api: httpx2.Client, rounds: int, days: int, *, every: bool) -> dict[str, list[float]]:
    """Milliseconds of each question, and of the page's together, in each round."""
    times: dict[str, list[float]] = {}

    def ask(question: Question) -> float:
        _, query, parameters = question
        started = time.perf_counter()
        api.get(f"/api/v1/query/{query}", params=parameters).raise_for_status()
        return (time.perf_counter() - started) * 1000

    with ThreadPoolExecutor(ON_THE_PAGE) as cards:
        for _ in range(rounds):
            asked = questions(days, every=every)
            for question in asked:
                times.setdefault(question[0], []).append(ask(question))
            started = time.perf_counter()
            list(cards.map(ask, asked[:ON_THE_PAGE]))
            times.setdefault(TOGETHER, []).append((time.perf_counter() - started) * 1000)
    return times


def main() -> None:
    """Open the ledger, ask, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--every-measure", action="store_true", help="not only those shown")
    arguments = parser.parse_args()
    settings = Settings(
        collector=CollectorSettings(port=0, grpc_port=0), store=StoreSettings(path=arguments.folder)
    )
    started = time.perf_counter()
    with (
        running_collector(settings) as collector,
        httpx2.Client(base_url=collector.url, headers={"accept": ARROW}, timeout=60) as api,
    ):
        print(f"opened in               {time.perf_counter() - started:8.2f} s")
        measure(api, 2, arguments.days, every=arguments.every_measure)
        times = measure(api, arguments.rounds, arguments.days, every=arguments.every_measure)
        health = api.get("/api/v1/query/health", headers={"accept": "application/json"}).json()
    print(f"calls                   {health['rows'][0]['calls']:12,}")
    for name, each in times.items():
        slowest = sorted(each)[int(0.95 * (len(each) - 1))]
        print(f"{name:22}  {statistics.median(each):8.1f} ms   p95 {slowest:8.1f} ms")
    on_the_page = list(times.values())[:ON_THE_PAGE]
    pages = [sum(each) for each in zip(*on_the_page, strict=True)]
    print(f"{'one after the other':22}  {statistics.median(pages):8.1f} ms")
    print(f"page / limit            {statistics.median(times[TOGETHER]) / LIMIT_MS:8.2f}")


if __name__ == "__main__":
    main()
