"""What has been kept long enough goes; the sums by hour of what went remain."""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

from spanledger_collector.store.duckdb import DuckDBStore, Keep
from tests.collector.support import Document
from tests.collector.test_rollup import batch
from tests.collector.truth import random_call

DAY = timedelta(days=1)


def today() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


def filled(folder: Path, keep: Keep, *, days: int) -> DuckDBStore:
    """A ledger with some calls on each of the last days, none of them counted yet."""
    dice = random.Random(5)
    store = DuckDBStore(folder, keep=keep)
    store.append(
        [
            batch([random_call(dice, today() - age * DAY - timedelta(hours=1)) for _ in range(4)])
            for age in range(days)
        ]
    )
    return store


def ask(store: DuckDBStore, sql: str, **parameters: object) -> list[Document]:
    rows: list[Document] = store.query().run(sql, parameters, 1000).table.to_pylist()
    return rows


SUMS = """
select sum(requests) as requests, sum(cost_usd) as cost_usd
from usage_between(timestamp '2020-01-01', timestamp '2100-01-01', false, $watermark)
"""
LEFT = "select count(*) as n, min(start_time) as oldest from calls"


def test_old_calls_go_and_their_sums_stay(tmp_path: Path) -> None:
    """Calls beyond their time are deleted day by day; sums over all time stay what they were."""
    store = filled(tmp_path, Keep(calls=3, spans=3), days=8)
    before = ask(store, SUMS)
    steps = 0
    while store.tidy():
        steps += 1
    [left] = ask(store, LEFT)

    assert steps >= 4
    assert 12 <= left["n"] < 32
    assert left["oldest"] >= (today() - 4 * DAY)
    assert ask(store, SUMS) == before
    store.close()


def test_nothing_is_due(tmp_path: Path) -> None:
    """What is younger than its time stays."""
    store = filled(tmp_path, Keep(), days=8)

    assert store.tidy() is False
    assert ask(store, LEFT)[0]["n"] == 32
    store.close()


def test_what_tells_of_users_goes_with_the_calls(tmp_path: Path) -> None:
    """Sums by user and by latency of days whose calls are gone are gone, too."""
    store = filled(tmp_path, Keep(calls=3, spans=3), days=8)
    store.roll_up()
    while store.tidy():
        pass
    [oldest] = ask(
        store,
        "select (select min(day) from users_by_day) as users, "
        "(select min(hour) from latency_by_hour) as latency",
    )

    assert oldest["users"] is None or oldest["users"] >= today() - 4 * DAY
    assert oldest["latency"] is None or oldest["latency"] >= today() - 4 * DAY
    store.close()


def test_sums_of_hours_without_calls_survive_upkeep(tmp_path: Path) -> None:
    """Passes, packing and reopening after the deletion leave the old sums alone."""
    store = filled(tmp_path, Keep(calls=3, spans=3), days=8)
    before = ask(store, SUMS)
    while store.tidy():
        pass
    store.pack()
    store.reopen()
    while store.catch_up():
        pass
    store.pack()

    assert ask(store, SUMS) == before
    store.close()
