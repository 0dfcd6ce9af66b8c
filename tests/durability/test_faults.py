"""Disks that fill up or fail and clocks that jump cost time, and no call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.collector.support import Client
from tests.durability.disks import MIB, disk_of
from tests.durability.faults import COMPILER, Faults
from tests.durability.process import Senders, assert_counted_once, collector_process

needs_a_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler for the fault shim")
HOUR = 3600


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """Nothing wrong yet."""
    return Faults(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MB of its own."""
    with disk_of(24 * MIB, tmp_path / "disk") as folder:
        yield folder


def wait_until_unready(client: Client, senders: Senders) -> None:
    """Wait until commits fail."""
    while client.http.get("/readyz").status_code == 200 or 503 not in senders.answers:
        pass


@pytest.mark.parametrize("min_free_bytes", [0, 4 << 20], ids=["unguarded", "guarded"])
def test_a_disk_that_is_full(small_disk: Path, min_free_bytes: int) -> None:
    """On a full disk sending is 503 and asking goes on; with room again it mends itself."""
    ledger = small_disk / "ledger"
    with (
        collector_process(ledger, min_free_bytes=min_free_bytes) as (process, url),
        Senders(url, "full") as senders,
    ):
        client = Client(url)
        senders.wait_for(500)
        ballast = small_disk / "ballast"
        free = os.statvfs(small_disk)
        ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - (1 << 20)))
        wait_until_unready(client, senders)
        alive = client.http.get("/healthz")
        asked = client.total()
        ballast.unlink()
        senders.wait_for(500)
        senders.finish()
        assert_counted_once(client, senders.acknowledged)
        client.close()
        still_running = process.poll() is None

    assert still_running
    assert alive.status_code == 200
    assert asked["calls"] >= 500
    assert senders.answers == {200, 503}


@needs_a_compiler
def test_a_disk_that_fails(tmp_path: Path, faults: Faults) -> None:
    """An I/O error while syncing is 503, never a false 200; when the disk works again, so do we."""
    with (
        collector_process(tmp_path / "ledger", 0, faults.environment) as (process, url),
        Senders(url, "eio") as senders,
    ):
        client = Client(url)
        senders.wait_for(300)
        with faults.broken_disk():
            wait_until_unready(client, senders)
        senders.wait_for(300)
        senders.finish()
        assert_counted_once(client, senders.acknowledged)
        client.close()
        still_running = process.poll() is None

    assert still_running
    assert senders.answers == {200, 503}


@needs_a_compiler
def test_a_clock_that_jumps(tmp_path: Path, faults: Faults) -> None:
    """The collector's clock jumps ahead and back by hours: calls count once, sums follow."""
    with (
        collector_process(tmp_path / "ledger", 0, faults.environment) as (_process, url),
        Senders(url, "clock") as senders,
    ):
        client = Client(url)
        for hours in (0, 12, -12, 3, 0):
            faults.jump(hours * HOUR)
            senders.wait_for(200)
        senders.finish()
        assert_counted_once(client, senders.acknowledged)
        while client.health()["rollup_lag_batches"]:
            pass
        assert_counted_once(client, senders.acknowledged)
        client.close()

    assert senders.answers == {200}
