"""A lake on this machine: rows acknowledged and taken in by 1, 2, 3 collectors, at what cost.

    .ci/lake && .venv/bin/python benchmarks/lake.py [--requests 60]

PostgreSQL, collectors, senders and files share the machine, so compare CPU seconds, not seconds.
Files are in a folder: S3 adds its own latency to what the maintainer does, none to what is
acknowledged.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import psutil
from ingest_payload import bodies

from tests.lake.environment import LakeCollector, lake_collectors
from tests.lake.senders import totals
from tests.lake.services import Postgres, postgres, wait_until

SPANS = 512
PROTOBUF = {"content-type": "application/x-protobuf"}
QUESTIONS = ("spend_summary", "usage", "latest_calls", "health")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=60, help=f"of {SPANS} spans, for each run")
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory(prefix="spanledger-lake-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with postgres(folder / "pg") as cluster:
            for count in (1, 2, 3):
                _measure(cluster, folder / str(count), count, requests)


def _measure(cluster: Postgres, folder: Path, count: int, requests: int) -> None:
    name = f"with_{count}"
    settings = {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create(name)}",
        "SPANLEDGER_STORE__DATA_PATH": str(folder / "files"),
    }
    with lake_collectors(folder, count, settings) as collectors:
        urls = [each.url for each in collectors]
        _send(urls, bodies(count, SPANS, "plain"))  # what is slow once
        wait_until(lambda: totals(urls[0])[0] == count * SPANS, "the first calls are taken in", 300)
        wal, cpu = _wal(cluster, name), _cpu(collectors)
        began = time.perf_counter()
        took = _send(urls, bodies(requests, SPANS, "plain"))
        acknowledged, received = time.perf_counter() - began, _cpu(collectors) - cpu
        rows = requests * SPANS
        waiting = "select count(*) from spanledger.inbox where refused is null"
        wait_until(lambda: cluster.ask(name, waiting) == [(0,)], "all is taken in", 600)
        settled = time.perf_counter() - began
        print(
            f"{count} collectors: {rows / acknowledged:9,.0f} rows/s acknowledged"
            f" ({statistics.median(took) * 1e3:.0f} ms p50 for {SPANS}),"
            f" {rows / settled:9,.0f} rows/s taken in;"
            f" {rows / received:9,.0f} rows by CPU-second until acknowledged,"
            f" {rows / (_cpu(collectors) - cpu):9,.0f} in all;"
            f" {(_wal(cluster, name) - wal) / rows:.0f} B of PostgreSQL's log a row"
        )
        if count == 1:
            _ask(urls[0])
        files = sum(file.stat().st_size for file in (folder / "files").rglob("*calls/*.parquet"))
        print(f"   files of calls: {files / (rows + count * SPANS):.0f} B a call")


def _send(urls: list[str], requests: list[bytes]) -> list[float]:
    """Send all requests, four at a time for each collector."""
    with httpx2.Client(timeout=120) as http, ThreadPoolExecutor(4 * len(urls)) as threads:

        def one(number: int) -> float:
            began = time.perf_counter()
            url = f"{urls[number % len(urls)]}/v1/traces"
            http.post(url, content=requests[number], headers=PROTOBUF).raise_for_status()
            return time.perf_counter() - began

        return list(threads.map(one, range(len(requests))))


def _ask(url: str) -> None:
    with httpx2.Client(base_url=url, timeout=60) as http:
        for question in QUESTIONS:
            took = [_asked(http, question) for _ in range(9)]
            told = f"{statistics.median(took) * 1e3:7.0f} ms p50, best {min(took) * 1e3:.0f}"
            print(f"   {question:14} {told}")


def _asked(http: httpx2.Client, question: str) -> float:
    began = time.perf_counter()
    http.get(f"/api/v1/query/{question}").raise_for_status()
    return time.perf_counter() - began


def _cpu(collectors: list[LakeCollector]) -> float:
    times = [psutil.Process(each.process.pid).cpu_times() for each in collectors]
    return sum(each.user + each.system for each in times)


def _wal(cluster: Postgres, database: str) -> int:
    [[bytes_written]] = cluster.ask(database, "select pg_current_wal_lsn() - '0/0'")
    return int(str(bytes_written))


if __name__ == "__main__":
    main()
