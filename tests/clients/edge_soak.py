"""The ledger is away for ten minutes and the upstream Collector is killed meanwhile: nothing lost.

    make edge-soak        .venv/bin/python tests/clients/edge_soak.py [--minutes 10] [--kills 5]

Services send all the time to the upstream Collector with deploy/otelcol.yaml as it is shipped. The
collector behind it is killed at the start and stays away; the upstream Collector is killed now and
then and started again. Prints how long the ledger took to catch up, and fails unless it holds
exactly what was acknowledged, call by call.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from tests.clients.edge import Edge, port
from tests.collector.support import Client
from tests.durability.process import Senders, assert_counted_once, collector_process

PATIENCE_S = 600.0


def main() -> None:
    """Run it and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="for which the ledger is away")
    parser.add_argument("--kills", type=int, default=5, help="of the upstream Collector meanwhile")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spanledger-edge-") as folder:
        _soak(Path(folder), wanted.minutes * 60, wanted.kills)


def _soak(folder: Path, away_s: float, kills: int) -> None:
    ledger_port = port()
    edge = Edge(folder / "queue", f"http://127.0.0.1:{ledger_port}", None)
    process = edge.start()
    try:
        with Senders(edge.url, "s", count=2, pause_s=0.1) as senders:
            with collector_process(folder / "ledger", ledger_port):
                senders.wait_for(100)
            before, began = len(senders.acknowledged), time.monotonic()
            for number in range(1, kills + 1):
                _sleep_until(began + away_s * number / (kills + 1))
                process.kill()
                process.wait()
                process = edge.start()
                senders.wait_for(20)
            _sleep_until(began + away_s)
            away = time.monotonic() - began
            taken = len(senders.acknowledged) - before
            print(
                f"away for {away / 60:.1f} minutes: {taken:,} calls taken by the upstream Collector"
                f" meanwhile, which was killed {kills} times; {_size(folder / 'queue')} on disk",
                flush=True,
            )
            senders.finish()
        _arrive(folder / "ledger", ledger_port, senders.acknowledged, process)
    finally:
        process.kill()
        process.wait()


def _arrive(
    folder: Path, ledger_port: int, acknowledged: list[str], process: subprocess.Popen[bytes]
) -> None:
    began = time.monotonic()
    with collector_process(folder, ledger_port) as (_, url):
        client = Client(url)
        while client.total()["calls"] < len(acknowledged):
            assert process.poll() is None, "the upstream Collector ended"
            assert time.monotonic() - began < PATIENCE_S, client.total()
            time.sleep(0.2)
        took = time.monotonic() - began
        assert_counted_once(client, acknowledged)
        client.close()
    print(
        f"back: all {len(acknowledged):,} acknowledged calls were there {took:.0f} s after the"
        " collector's start, each once",
        flush=True,
    )


def _sleep_until(moment: float) -> None:
    time.sleep(max(moment - time.monotonic(), 0))


def _size(folder: Path) -> str:
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return f"{size / 2**20:.0f} MiB"


if __name__ == "__main__":
    main()
