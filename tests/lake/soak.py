"""Kill every part of a lake in turn, again and again, while calls come in and questions are asked.

    make lake-soak        .venv/bin/python tests/lake/soak.py [--rounds 5]

Services send to three collectors and to an upstream OpenTelemetry Collector in front of them. Each
round kills a collector, kills the maintainer, crashes PostgreSQL, kills the upstream Collector,
has S3 answer errors to a third of all requests, and takes S3 away, each for a while. What is not
built here is left out (`.ci/otelcol`, `.ci/versitygw`; without S3 the files are in a folder).
Prints how long it took until calls were acknowledged and until they were in answers again, and
fails if in the end the lake does not hold exactly what was acknowledged.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple, TypeVar

import pytest

from tests.clients.edge import Edge
from tests.clients.programs import otelcol
from tests.lake.balancer import balanced
from tests.lake.environment import LakeCollector, lake_collectors
from tests.lake.s3 import Faults, Gateway, versitygw
from tests.lake.senders import COST_USD, Senders, ask, totals
from tests.lake.services import Postgres, kill, postgres, wait_until

T = TypeVar("T")
FAULTS_S = 10.0
AWAY_S = 5.0
PATIENCE_S = 300.0


def main() -> None:
    """Run the rounds and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="spanledger-soak-")))
        folder.chmod(0o755)
        cluster = stack.enter_context(postgres(folder / "pg"))
        settings = {
            "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('soak')}",
            "SPANLEDGER_STORE__DATA_PATH": str(folder / "files"),
            "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
        }
        s3 = None
        if program := _built(versitygw):
            gateway = stack.enter_context(Gateway(program, folder / "s3").running())
            faults = stack.enter_context(Faults(gateway.port).running())
            settings |= faults.settings()
            s3 = gateway, faults
        collectors = stack.enter_context(lake_collectors(folder, 3, settings))
        edge = None
        if _built(otelcol):
            address = stack.enter_context(balanced([each.port for each in collectors]))
            edge = stack.enter_context(_kept(Edge(folder / "queue", address)))
        _soak(Parts(cluster, collectors, s3, edge), rounds)


class Parts(NamedTuple):
    """All that can be killed."""

    cluster: Postgres
    collectors: list[LakeCollector]
    s3: tuple[Gateway, Faults] | None
    edge: Kept | None


class Kept:
    """An upstream Collector that is started again when it was killed."""

    def __init__(self, edge: Edge) -> None:
        self.url = edge.url
        self._edge = edge
        self._process = edge.start()

    def kill(self) -> None:
        """Kill -9, nothing more."""
        kill(self._process)

    def restart(self) -> None:
        """Kill -9, and start it again."""
        self.kill()
        self._process = self._edge.start()


@contextmanager
def _kept(edge: Edge) -> Iterator[Kept]:
    kept = Kept(edge)
    try:
        yield kept
    finally:
        kept.kill()


def _built(program: Callable[[], T]) -> T | None:
    try:
        return program()
    except pytest.skip.Exception as reason:
        print(f"left out: {reason}", flush=True)
        return None


def _soak(parts: Parts, rounds: int) -> None:
    collectors = parts.collectors
    urls = [each.url for each in collectors]
    doors = [*urls, *([parts.edge.url] if parts.edge else [])]
    with _reviving(collectors), _asking(urls), Senders(doors, threads=3) as senders:
        wait_until(lambda: _shown(urls) > 0, "the first calls are in answers", PATIENCE_S)
        for number in range(1, rounds + 1):
            for what, act in _blows(parts):
                _timed(f"round {number}, {what}", act, senders, urls)
        senders.finish()
        told = (senders.acknowledged, str(Decimal(COST_USD) * senders.acknowledged))
        for url in urls:
            wait_until(lambda url=url: totals(url) == told, f"{url} tells {told}", PATIENCE_S)
    print(
        f"{told[0]:,} calls acknowledged, ${told[1]}; each collector tells the same: none lost, "
        f"none twice. The longest wait of a sender was {senders.longest_wait_s:.1f} s."
    )


def _blows(parts: Parts) -> Iterator[tuple[str, Callable[[], None]]]:
    collectors = parts.collectors
    yield "a collector that does not maintain, kill -9", lambda: _killed(collectors, leads=False)
    yield "the collector that maintains, kill -9", lambda: _killed(collectors, leads=True)
    yield "PostgreSQL, immediate stop", parts.cluster.restart_immediately
    if parts.edge is not None:
        yield "the upstream Collector, kill -9", parts.edge.restart
    if parts.s3 is not None:
        gateway, faults = parts.s3
        yield f"S3 fails a third of requests for {FAULTS_S:g} s", lambda: _faulty(faults)
        yield f"S3 away for {AWAY_S:g} s, kill -9", lambda: _away(gateway)


def _killed(collectors: list[LakeCollector], *, leads: bool) -> None:
    """Kill a collector, while the others go on."""
    wait_until(lambda: _one(collectors, leads=leads), "there is such a collector", PATIENCE_S)
    victim = _one(collectors, leads=leads)
    assert victim is not None
    victim.kill()


def _one(collectors: list[LakeCollector], *, leads: bool) -> LakeCollector | None:
    return next((each for each in collectors if each.maintains() == leads), None)


def _faulty(faults: Faults) -> None:
    faults.let(1 / 3)
    time.sleep(FAULTS_S)
    faults.let(0.0)


def _away(gateway: Gateway) -> None:
    gateway.kill()
    time.sleep(AWAY_S)
    gateway.start()


def _timed(what: str, act: Callable[[], None], senders: Senders, urls: list[str]) -> None:
    """Do something bad, and say how long it took until all was well again."""
    began = time.monotonic()
    act()
    before = senders.acknowledged
    wait_until(lambda: senders.acknowledged > before, "calls are acknowledged", PATIENCE_S)
    acknowledged = time.monotonic() - began
    wait_until(lambda: _shown(urls) > before, "calls are in answers", PATIENCE_S)
    print(
        f"{what}: acknowledged again after {acknowledged:.1f} s, in answers after"
        f" {time.monotonic() - began:.1f} s",
        flush=True,
    )


def _shown(urls: list[str]) -> int:
    return max(totals(url)[0] for url in urls)


@contextmanager
def _reviving(collectors: list[LakeCollector]) -> Iterator[None]:
    """Start what ended, as a service manager would; a crash of PostgreSQL can end a collector."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(0.1):
            for collector in collectors:
                collector.revive()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


@contextmanager
def _asking(urls: list[str]) -> Iterator[None]:
    """Two dashboards' worth of questions meanwhile."""
    stopping = threading.Event()

    def run() -> None:
        while not stopping.wait(0.2):
            for url in urls:
                ask(url, "spend_summary")
                ask(url, "latest_calls")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
