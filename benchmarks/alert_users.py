"""What does it cost to judge spend by user, which no hourly sum has?

`python benchmarks/alert_users.py` makes a ledger of a million calls of 100,000 users within four
weeks and judges spend by user: first with everything to learn, as once an hour, then as every
minute in between. Spend by service, which the hourly sums have, is judged on the same ledger for
comparison.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
from big_ledger import fill

from spanledger_collector.alerts.judging import Judge
from spanledger_collector.alerts.reading import Reader
from spanledger_collector.settings import CapRule, Rule, SpikeRule
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore

RULES: tuple[Rule, ...] = (
    SpikeRule(name="by-service", by="service"),
    SpikeRule(name="by-user", by="user_id"),
    CapRule(name="cap-by-user", by="user_id", usd=50.0),
    SpikeRule(name="one-user", only={"user_id": ["user-7"]}),
)


def ledger(folder: Path, calls: int, users: int) -> None:
    """Make it; each user has calls all over the four weeks."""
    fill(folder, calls, days=28)
    with duckdb.connect(folder / DATABASE_NAME) as database:
        database.execute(
            "update calls set user_id = 'user-' || cast(hash(span_id) % $users as varchar)",
            {"users": users},
        )


def main() -> None:
    """Make the ledger, judge and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ledger(Path(folder), options.calls, options.users)
        store = DuckDBStore(Path(folder))
        judge = Judge(Reader(store), ZoneInfo("UTC"))
        now = datetime.now(timezone.utc).replace(tzinfo=None, minute=10, second=0, microsecond=0)
        for rule in RULES:
            took = []
            for number in range(6):
                begun = time.perf_counter()
                judged = judge.judge(rule, now + timedelta(minutes=number))
                took.append(time.perf_counter() - begun)
            then = sorted(took[1:])[2]
            print(
                f"{rule.name:12s} {judged.series:5d} groups judged, {judged.left_out:6d} left out:"
                f" {took[0]:.2f} s with all to learn, {then:.2f} s after that",
                flush=True,
            )
        store.close()


if __name__ == "__main__":
    main()
