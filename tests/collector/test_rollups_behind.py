"""Latency histograms and sums by user count a while after the calls, and are exact all the time."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.ledgers import opened
from tests.collector.support import Document
from tests.collector.test_rollup import batch
from tests.collector.truth import Truth, random_call

LATENCY = """
select provider, model, operation, outcome, measure, bucket, sum(n) as n
from latency_between($start, $end, $fine, $watermark)
group by all
having sum(n) <> 0
order by all
"""
USERS = """
select
    user_id, service, team, environment, provider, model,
    sum(requests) as requests, sum(calls) as calls, sum(errors) as errors,
    sum(unpriced_calls) as unpriced_calls, sum(estimated_calls) as estimated_calls,
    sum(input_tokens) as input_tokens, sum(duration_ns) as duration_ns,
    coalesce(sum(cost_usd), 0) as cost_usd, coalesce(sum(list_usd), 0) as list_usd
from users_between($start, $end, $fine, $watermark)
group by all
having sum(requests) <> 0
order by all
"""
HOURS = """
select
    service, team, model, outcome, cost_status, sum(requests) as requests,
    coalesce(sum(cost_usd), 0) as cost_usd, sum(retries) as retries
from usage_between($start, $end, $fine, $watermark)
group by all
having sum(requests) <> 0
order by all
"""
ALONE = """
select
    {0}, sum(requests) as requests, sum(calls) as calls, sum(errors) as errors,
    sum(unpriced_calls) as unpriced_calls, sum(estimated_calls) as estimated_calls,
    sum(retries) as retries, coalesce(sum(cost_usd), 0) as cost_usd
from usage_between($start, $end, $fine, $watermark, alone := '{0}')
group by {0}
having sum(requests) <> 0
order by {0}
"""
SPAN = timedelta(days=4)


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def behind(folder: Path) -> DuckDBStore:
    """A ledger whose rollups still have four days to count."""
    DuckDBStore(folder).close()
    with opened(folder) as connection:
        connection.execute("update counted_until set latency = $1, users = $1", [now() - SPAN])
    return DuckDBStore(folder)


def ask(store: DuckDBStore, sql: str, start: datetime, end: datetime, *, fine: bool) -> pa.Table:
    bounds = {"start": start, "end": end, "fine": fine}
    return store.query().run(sql, bounds, 100_000).table


def some_calls(dice: random.Random) -> list[Truth]:
    ago = (SPAN.total_seconds() - 60) * dice.random()
    return [
        random_call(dice, now() - timedelta(seconds=ago * dice.random() + 60))
        for _ in range(dice.randrange(1, 30))
    ]


def agree(store: DuckDBStore, start: datetime, end: datetime) -> bool:
    """Whether both readings of every rollup say the same."""
    return all(
        ask(store, sql, start, end, fine=False).equals(ask(store, sql, start, end, fine=True))
        for sql in (LATENCY, USERS, HOURS, ALONE.format("model"), ALONE.format("cost_status"))
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_rollups_are_exact_at_every_moment(tmp_path: Path, seed: int) -> None:
    """Between any of commits, passes, catching up, packing and reopening, both readings agree."""
    dice = random.Random(seed)
    store = behind(tmp_path)
    for _ in range(25):
        step = dice.choice(["append", "append", "roll_up", "roll_up", "catch_up", "pack", "reopen"])
        if step == "append":
            store.append([batch(some_calls(dice))])
        else:
            getattr(store, step)()
        start = now() - SPAN * dice.random()
        end = start + SPAN * dice.random()

        assert agree(store, start, end), step
    store.close()


def test_catching_up_ends(tmp_path: Path) -> None:
    """After some steps everything but the present is in the rollups, and packed into few rows."""
    store = behind(tmp_path)
    dice = random.Random(7)
    store.append([batch(some_calls(dice))])
    store.roll_up()
    while store.catch_up():
        pass
    [until] = rows(store, "select * from counted_until")
    [partial] = rows(store, "select count(*) as n from latency_by_hour")

    assert now() - until["latency"] < timedelta(hours=2)
    assert now() - until["users"] < timedelta(days=2)
    assert partial["n"] > 0
    assert agree(store, now() - SPAN, now())
    store.close()


def test_percentiles_are_within_two_percent(tmp_path: Path) -> None:
    """A percentile of the histogram is the nearest-rank percentile, but for the bucket's width."""
    dice = random.Random(3)
    durations = sorted(round(math.exp(dice.uniform(14, 25))) for _ in range(999))
    store = DuckDBStore(tmp_path)
    sql = """
    with counted as (
        select latency_bucket(ns) as bucket, count(*) as n
        from (select unnest(cast($durations as bigint[])) as ns) group by bucket
    )
    select percentile_ns(list({'bucket': bucket, 'n': n} order by bucket), $share) as ns
    from counted
    """
    for share in (0.01, 0.5, 0.95, 0.99, 1.0):
        [answer] = rows(store, sql, durations=durations, share=share)
        exact = durations[math.ceil(share * len(durations)) - 1]

        assert abs(answer["ns"] / exact - 1) < 0.021
    store.close()


@pytest.mark.parametrize("ns", [0, 1, 2**63 - 1])
def test_any_duration_has_a_bucket(tmp_path: Path, ns: int) -> None:
    """The shortest and the longest duration that a column holds fall into some bucket."""
    store = DuckDBStore(tmp_path)
    [answer] = rows(store, "select latency_bucket(cast($ns as bigint)) as bucket", ns=ns)

    assert 0 <= answer["bucket"] < 2000
    store.close()


def rows(store: DuckDBStore, sql: str, **parameters: object) -> list[Document]:
    found: list[Document] = store.query().run(sql, parameters, 1000).table.to_pylist()
    return found
