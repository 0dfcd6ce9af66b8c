"""What the ledger tells the detectors, read from a real one."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from spanledger import semconv
from spanledger_collector.alerts.reading import Reader, epoch
from spanledger_collector.store.duckdb import DuckDBStore
from tests.alerts.conftest import Usual
from tests.alerts.support import call, settings_of, watching


def test_calls_come_with_their_dollars_and_failed_ones_do_not(usual: Usual) -> None:
    """By team and step of five minutes: a storm of failed calls adds to none."""
    failed = [
        call(usual.now - timedelta(seconds=number + 30), "search", user=f"u{number}")
        for number in range(40)
    ]
    for span in failed:
        facts = {fact["key"]: fact["value"] for fact in span["attributes"]}
        facts[semconv.OUTCOME] = {"stringValue": "failed"}
        span["attributes"] = [{"key": key, "value": value} for key, value in facts.items()]
    with watching(settings_of(usual.folder), usual.clock) as watched:
        watched.client.send(*failed, **{"service.name": "finder"})
    store = DuckDBStore(usual.folder)
    try:
        recent = Reader(store).recent({}, "team", usual.now, ["search", "support"])
        end_hour = epoch(usual.now) // 3600
        hours = Reader(store).hours({}, "team", end_hour, 24)
    finally:
        store.close()

    assert recent.calls is not None
    assert recent.usd.shape == recent.calls.shape == (2, 288)
    assert recent.calls.sum(1).tolist() == [48.0, 48.0]
    assert recent.calls.max() <= 2
    assert np.allclose(hours.measures["calls"].sum(1) - hours.measures["errors"].sum(1), 48.0)


def test_a_call_that_came_late_is_a_sign_of_life_when_it_came(usual: Usual) -> None:
    """And not before: what is read as of an earlier moment, by a backtest, does not know of it."""
    came = usual.now + timedelta(minutes=30)  # at the earliest: the ledger ends an hour ago
    store = DuckDBStore(usual.folder)
    try:
        reader = Reader(store)
        then = reader.last_calls({}, "team", usual.now)
        later = reader.last_calls({}, "team", usual.now + timedelta(hours=9))
    finally:
        store.close()

    assert set(then) == set(later) == {"search", "support"}
    assert all(epoch(usual.now) - 3600 < last < epoch(usual.now) for last in then.values())
    assert all(last > epoch(came) for last in later.values())
