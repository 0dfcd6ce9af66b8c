"""Kill every part of a lake in turn, again and again, while calls come in and questions are asked.

    make lake-soak        .venv/bin/python tests/lake/soak.py [--rounds 5]

Each round kills a collector, kills the maintainer, crashes PostgreSQL, and, where the program
`versitygw` is (see --s3), takes S3 away for a while; without it the files are in a folder. Prints
how long it took until calls were acknowledged and until they were in answers again, and fails if in
the end the lake does not hold exactly what was acknowledged.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from tests.lake.environment import LakeCollector, lake_collectors
from tests.lake.senders import COST_USD, Senders, ask, totals
from tests.lake.services import Postgres, free_port, kill, postgres, wait_until

AWAY_S = 5.0
PATIENCE_S = 300.0


class Gateway:
    """A server that speaks S3 and keeps objects as files; killed, it loses none."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder, self.port = program, folder, free_port()
        (folder / "ledger").mkdir(parents=True)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self._program, "--port", f"127.0.0.1:{self.port}", "posix", str(self._folder)],
            env={**os.environ, "ROOT_ACCESS_KEY": "ledger", "ROOT_SECRET_KEY": "ledger-secret"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def settings(self) -> dict[str, str]:
        return {
            "SPANLEDGER_STORE__DATA_PATH": "s3://ledger/calls",
            "SPANLEDGER_STORE__S3_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "SPANLEDGER_STORE__S3_REGION": "us-east-1",
            "SPANLEDGER_STORE__S3_KEY_ID": "ledger",
            "SPANLEDGER_STORE__S3_SECRET": "ledger-secret",
        }


def main() -> None:
    """Run the rounds and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--s3", default=shutil.which("versitygw"), help="the gateway's program")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spanledger-soak-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with postgres(folder / "pg") as cluster:
            gateway = Gateway(wanted.s3, folder / "s3") if wanted.s3 else None
            try:
                _soak(cluster, gateway, folder, wanted.rounds)
            finally:
                if gateway is not None:
                    kill(gateway.process)


def _soak(cluster: Postgres, gateway: Gateway | None, folder: Path, rounds: int) -> None:
    settings = {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create('soak')}",
        "SPANLEDGER_STORE__DATA_PATH": str(folder / "files"),
        "SPANLEDGER_STORE__MEMORY_LIMIT": "512MB",
        **(gateway.settings() if gateway else {}),
    }
    with lake_collectors(folder, 3, settings) as collectors:
        urls = [each.url for each in collectors]
        with _asking(urls), Senders(urls, threads=3) as senders:
            wait_until(lambda: _shown(urls) > 0, "the first calls are in answers", PATIENCE_S)
            for number in range(1, rounds + 1):
                for what, act in _blows(cluster, gateway, collectors):
                    _timed(f"round {number}, {what}", act, senders, urls)
        told = (senders.acknowledged, str(Decimal(COST_USD) * senders.acknowledged))
        for collector in collectors:
            if collector.process.poll() is not None:  # as a service manager would
                collector.start()
        for url in urls:
            wait_until(lambda url=url: totals(url) == told, f"{url} tells {told}", PATIENCE_S)
    print(
        f"{told[0]:,} calls acknowledged, ${told[1]}; each collector tells the same: none lost, "
        f"none twice. The longest wait of a sender was {senders.longest_wait_s:.1f} s."
    )


def _blows(
    cluster: Postgres, gateway: Gateway | None, collectors: list[LakeCollector]
) -> Iterator[tuple[str, Callable[[], None]]]:
    yield "a collector that does not maintain, kill -9", lambda: _killed(collectors, leads=False)
    yield "the collector that maintains, kill -9", lambda: _killed(collectors, leads=True)
    yield "PostgreSQL, immediate stop", cluster.restart_immediately
    if gateway is not None:
        yield f"S3 away for {AWAY_S:g} s, kill -9", lambda: _away(gateway)


def _killed(collectors: list[LakeCollector], *, leads: bool) -> None:
    """Kill a collector; it is started again while the others go on."""
    wait_until(lambda: _one(collectors, leads=leads), "there is such a collector", PATIENCE_S)
    victim = _one(collectors, leads=leads)
    assert victim is not None
    victim.kill()
    threading.Thread(target=victim.start).start()


def _one(collectors: list[LakeCollector], *, leads: bool) -> LakeCollector | None:
    return next((each for each in collectors if each.maintains() == leads), None)


def _away(gateway: Gateway) -> None:
    kill(gateway.process)
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
