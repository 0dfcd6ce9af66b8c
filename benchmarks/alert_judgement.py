"""How long does a judgement of 1,000 series take?

`python benchmarks/alert_judgement.py` makes a ledger of so many services, each calling every few
hours for four weeks, and judges spend by service: first with everything to learn, as once an hour,
then as every minute in between. One series is judged on the same ledger for comparison.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from spanledger_collector.alerts.judging import Judge
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.ledger import book
from spanledger_collector.prices.in_force import book_under
from spanledger_collector.settings import SpikeRule
from spanledger_collector.spans import Span
from spanledger_collector.store import batch_of
from spanledger_collector.store.duckdb import DuckDBStore

DAYS = 28
AT_ONCE = 20_000


def spans(services: int, every_h: int, now: datetime) -> Iterator[Span]:
    """A call of each service every few hours."""
    dice = random.Random(7)
    for hour in range(0, DAYS * 24, every_h):
        for service in range(services):
            at = now - timedelta(hours=hour, seconds=dice.randrange(3600 * every_h))
            start = int(at.replace(tzinfo=timezone.utc).timestamp()) * 10**9
            yield Span(
                trace_id=dice.randbytes(16),
                span_id=dice.randbytes(8),
                parent_span_id=b"",
                name="chat",
                kind=3,
                start_ns=start,
                end_ns=start + 10**9,
                status=1,
                scope="spanledger",
                resource={"service.name": f"service-{service}"},
                attributes={
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "anthropic",
                    "gen_ai.request.model": "claude-sonnet-4-6",
                    "gen_ai.response.model": "claude-sonnet-4-6",
                    "gen_ai.usage.input_tokens": dice.randrange(1000, 50_000),
                    "gen_ai.usage.output_tokens": 500,
                },
            )


def ledger(folder: Path, services: int, every_h: int, now: datetime) -> DuckDBStore:
    """A ledger of these calls, rolled up."""
    store = DuckDBStore(folder)
    prices = book_under(None)
    now_ns = int(now.replace(tzinfo=timezone.utc).timestamp()) * 10**9
    waiting: list[Span] = []
    for span in spans(services, every_h, now):
        waiting.append(span)
        if len(waiting) == AT_ONCE:
            store.append([batch_of(book(waiting, now_ns, prices))])
            waiting.clear()
    store.append([batch_of(book(waiting, now_ns, prices))])
    while store.roll_up():
        pass
    return store


def timed(judge: Judge, rule: SpikeRule, now: datetime, times: int) -> tuple[int, float]:
    """How many series, and the median time of a judgement."""
    took = []
    for number in range(times):
        begun = time.perf_counter()
        series = judge.judge(rule, now + timedelta(minutes=number)).series
        took.append(time.perf_counter() - begun)
    return series, sorted(took)[len(took) // 2]


def main() -> None:
    """Make the ledger, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=1000)
    parser.add_argument("--every-h", type=int, default=4)
    options = parser.parse_args()
    now = datetime.now(timezone.utc).replace(tzinfo=None, minute=10, second=0, microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        store = ledger(Path(folder), options.services, options.every_h, now)
        judge = Judge(Reader(store), ZoneInfo("UTC"))
        one, many = SpikeRule(name="spend"), SpikeRule(name="service-spend", by="service")
        for rule in (one, many):
            series, first = timed(judge, rule, now, 1)
            _, then = timed(judge, rule, now, 5)
            print(f"{series:5d} series: {first:.2f} s with all to learn, {then:.2f} s after that")
        store.close()


if __name__ == "__main__":
    main()
