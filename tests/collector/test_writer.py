"""The writer acknowledges what is committed, and lets a bad batch fail alone."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest

from spanledger_collector.sources import PRECEDENCE
from spanledger_collector.store import BadBatch, Batch, StoreUnavailable
from spanledger_collector.store.duckdb import DuckDBStore
from spanledger_collector.writer import QueueFull, Writer
from tests.collector import reports
from tests.collector.reports import report
from tests.collector.test_rollup import batch
from tests.collector.truth import random_call
from tests.conftest import PATIENCE_S


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    """A ledger without a collector around it."""
    store = DuckDBStore(tmp_path)
    yield store
    store.close()


def good(seed: int) -> Batch:
    return batch([random_call(random.Random(seed), datetime(2026, 11, 1))])


def poisoned(seed: int) -> Batch:
    """A batch that the database refuses: its iterations are not the JSON that they claim to be."""
    fine = good(seed)
    position = fine.calls.column_names.index("iterations")
    broken = pa.array(["{broken"] * fine.calls.num_rows)
    return fine._replace(calls=fine.calls.set_column(position, "iterations", broken))


def timeless(seed: int) -> Batch:
    """A batch that breaks the store's own code, as no sender can: a call without a time."""
    fine = good(seed)
    position = fine.calls.column_names.index("start_time")
    nothing = pa.nulls(fine.calls.num_rows, pa.timestamp("us"))
    return fine._replace(calls=fine.calls.set_column(position, "start_time", nothing))


def stored(store: DuckDBStore) -> int:
    [row] = store.query().run("select count(*) as n from calls", {}, 1).table.to_pylist()
    calls: int = row["n"]
    return calls


@pytest.mark.parametrize("bad", [poisoned, timeless])
def test_a_poisoned_batch_fails_alone(store: DuckDBStore, bad: Callable[[int], Batch]) -> None:
    """Committed in one group with good ones, only the bad batch is refused."""
    writer = Writer(store, 1 << 20)
    waiting = [writer.submit(good(1)), writer.submit(bad(2)), writer.submit(good(3))]
    writer.start()
    outcomes = [future.exception(PATIENCE_S) for future in waiting]
    after = writer.submit(good(4)).exception(PATIENCE_S)
    writer.close()

    assert [type(outcome) for outcome in outcomes] == [type(None), BadBatch, type(None)]
    assert after is None
    assert stored(store) == 3
    assert writer.counters.calls == 3


def test_a_group_is_one_commit(store: DuckDBStore) -> None:
    """What waits together is committed together."""
    writer = Writer(store, 1 << 20)
    waiting = [writer.submit(good(seed)) for seed in range(50)]
    writer.start()
    for future in waiting:
        future.result(PATIENCE_S)
    writer.close()

    assert store.state().newest_batch == 1
    assert stored(store) == 50


def test_a_full_queue_takes_no_more(store: DuckDBStore) -> None:
    """Rows beyond the queue's bytes are turned away at once, and taken once there is room."""
    writer = Writer(store, good(1).size * 2)
    first, second = writer.submit(good(1)), writer.submit(good(2))
    with pytest.raises(QueueFull):
        writer.submit(good(3))
    writer.start()
    first.result(PATIENCE_S)
    second.result(PATIENCE_S)
    writer.submit(good(3)).result(PATIENCE_S)
    writer.close()

    assert stored(store) == 3


def test_closing_commits_what_waits(store: DuckDBStore) -> None:
    """What was queued before the close is committed; nothing is taken after it."""
    writer = Writer(store, 1 << 20)
    waiting = [writer.submit(good(seed)) for seed in range(5)]
    writer.start()
    writer.close()

    assert all(future.done() and future.exception() is None for future in waiting)
    with pytest.raises(QueueFull):
        writer.submit(good(9))
    assert not writer.ready


def test_reports_are_counted_by_what_became_of_them(store: DuckDBStore) -> None:
    """The counters tell calls, duplicates, evidence and calls that gave way."""
    writer = Writer(store, 1 << 20)
    writer.start()
    for source in ("otel_genai", "openllmetry", "openllmetry", "anthropic_sdk"):
        span = PRECEDENCE.index(source)
        reported = reports.batch([report(source=source, span_id=span, message_id="m")])
        writer.submit(reported).result(PATIENCE_S)
    writer.close()
    counters = writer.counters

    assert (counters.calls, counters.duplicates) == (2, 2)
    assert (counters.kept, counters.superseded) == (1, 1)


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Short of room nothing is written and everything can be read; with room it goes on."""
    room = [2 << 30]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=room[0]))
    store = DuckDBStore(tmp_path, min_free_bytes=1 << 30)
    writer = Writer(store, 1 << 20)
    writer.start()
    writer.submit(good(1)).result(PATIENCE_S)
    room[0] = 1 << 20
    refused = writer.submit(good(2)).exception(PATIENCE_S)
    ready = writer.ready
    answered = stored(store)
    room[0] = 2 << 30
    writer.submit(good(2)).result(PATIENCE_S)
    after = stored(store)
    writer.close()
    store.close()

    assert isinstance(refused, StoreUnavailable)
    assert "1 MiB left" in str(refused)
    assert not ready
    assert (answered, after) == (1, 2)
