"""How long a collector with millions of calls takes until it is ready again, ended well or killed.

    python benchmarks/big_ledger.py /tmp/ten --calls 10000000
    python benchmarks/restart.py /tmp/ten

Killed, it has a log to replay: calls are sent until that is nearly as long as it may become before
it is written into the database file. They stay in the ledger. Timed is from the command until
`/readyz` is 200, the start of Python included. The baselines are an empty ledger in the same run,
and the promise of five seconds.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
from ingest_client import send_all
from ingest_payload import bodies
from startup import free_port, wait_for

PROMISE_S = 5.0
LOG_BYTES = 200 << 20
AT_ONCE = 16


@contextmanager
def started(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, float]]:
    """A collector that is ready, its address, and the seconds that it took."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "spanledger", "collector", "--data-dir", str(folder)]
    began = time.perf_counter()
    with subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(f"{address}/readyz")
            yield process, address, time.perf_counter() - began
        finally:
            process.terminate()


def killed(folder: Path) -> float:
    """Kill a collector when its log has become long; returns the log's megabytes."""
    log = folder / "ledger.duckdb.wal"
    with started(folder) as (process, address, _):
        while not log.exists() or log.stat().st_size < LOG_BYTES:
            send_all(address, bodies(AT_ONCE, 512, "plain"), AT_ONCE)
        process.kill()
    return log.stat().st_size / 1e6


def main() -> None:
    """Restart again and again, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("ledger", type=Path, help="data folder; calls are added to it")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with started(options.ledger) as (_, address, _took):
        calls = httpx2.get(f"{address}/api/v1/query/health").json()["rows"][0]["calls"]
    print(f"{calls:,} calls")
    empty, well, hard, logs = [], [], [], []
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as (*_, took_s):
            empty.append(took_s)
        with started(options.ledger) as (*_, took_s):
            well.append(took_s)
        logs.append(killed(options.ledger))
        with started(options.ledger) as (*_, took_s):
            hard.append(took_s)
    told = f"killed, {min(logs):.0f} to {max(logs):.0f} MB of log"
    for name, times in (("empty ledger", empty), ("ended well", well), (told, hard)):
        median = statistics.median(times)
        print(
            f"{name:32} median {median:.2f} s   longest {max(times):.2f} s   "
            f"median / empty {median / statistics.median(empty):.2f}   "
            f"longest / promise {max(times) / PROMISE_S:.2f}"
        )


if __name__ == "__main__":
    main()
