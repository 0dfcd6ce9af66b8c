"""What a lake does with arrivals that it cannot take in; runs where a lake can be opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip(
    "duckdb_extension_ducklake",
    reason="runs in the lake's environment: tests/lake/test_on_a_lake.py has it run there",
)
from spanledger_collector.store import Batch, StoreUnavailable
from spanledger_collector.store.lake import LakeStore
from spanledger_collector.store.lake.election import Session
from tests.collector.test_writer import good, poisoned, timeless
from tests.lake.on_a_lake import AskedLake, place_of

PATIENCE_S = 120.0


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[AskedLake]:
    lake = AskedLake(tmp_path)
    yield lake
    lake.close()


def stored(lake: AskedLake) -> int:
    [[calls]] = lake.query().run("select count(*) from calls", {}, 1).table.columns
    return int(calls.as_py())


@pytest.mark.parametrize("bad", [poisoned, timeless])
def test_a_bad_arrival_is_set_aside(lake: AskedLake, bad: Callable[[int], Batch]) -> None:
    """It is acknowledged, kept with the reason and tried again when asked; the others count."""
    for batch in (good(1), bad(2), good(3)):
        lake.append([batch])
    settled = stored(lake)
    inbox = lake.session.connection
    [[kept, reason]] = inbox.execute("select id, refused from spanledger.inbox").fetchall()
    lake.append([good(4)])
    after = stored(lake)
    inbox.execute("update spanledger.inbox set refused = null")
    lake.append([good(5)])
    again = stored(lake)
    [[still, _]] = inbox.execute("select id, refused from spanledger.inbox").fetchall()

    assert (settled, after, again) == (2, 3, 4)
    assert reason
    assert kept == still == 2


def test_a_backup_holds_all_that_was_acknowledged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody maintains the lake: what waits is taken in first; what is set aside is told."""
    store = LakeStore(place_of(tmp_path), tmp_path, maintain=False)
    for batch in (good(1), poisoned(2), good(3)):
        store.append([batch])
    told = store.back_up(tmp_path / "backup.duckdb")
    again = store.back_up(tmp_path / "again.duckdb")
    store.close()

    assert told.calls == again.calls == 2
    assert "1 requests are not among the calls" in caplog.text


def test_a_backup_waits_for_whoever_maintains(tmp_path: Path) -> None:
    """While another collector maintains the lake, that one takes in what waits."""
    store = LakeStore(place_of(tmp_path), tmp_path, maintain=False)
    maintaining = Session(place_of(tmp_path).connection)
    assert maintaining.elect()
    store.append([good(1)])
    with ThreadPoolExecutor(1) as pool:
        backup = pool.submit(store.back_up, tmp_path / "backup.duckdb")
        other = AskedLake(tmp_path)
        taken_in = stored(other)
        told = backup.result(PATIENCE_S)
    for each in (store, other, maintaining):
        each.close()

    assert taken_in == told.calls == 1


def test_a_full_inbox_turns_senders_away(tmp_path: Path) -> None:
    """Nobody takes in: beyond a limit no more is acknowledged, and all that was is taken in."""
    place = place_of(tmp_path)._replace(max_inbox_bytes=1)
    full = LakeStore(place, tmp_path, maintain=False)
    full.append([good(1)])
    full.reopen()  # it looks how much waits when it opens, then every few seconds
    with pytest.raises(StoreUnavailable, match="wait in PostgreSQL"):
        full.append([good(2)])
    full.close()
    lake = AskedLake(tmp_path)
    taken_in = stored(lake)
    lake.close()
    emptied = LakeStore(place, tmp_path, maintain=False)
    emptied.append([good(2)])
    emptied.close()

    assert taken_in == 1


def test_two_that_believe_to_be_elected(lake: AskedLake, tmp_path: Path) -> None:
    """Both take in what waits: each arrival counts once."""
    other = AskedLake(tmp_path)
    for seed in range(6):
        (lake, other)[seed % 2].append([good(seed)])
    first = stored(lake)
    lake.append([good(7)])
    last = stored(other)
    other.close()

    assert (first, last) == (6, 7)
