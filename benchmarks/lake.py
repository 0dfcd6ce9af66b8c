"""A lake on this machine: what it takes in, how it answers, what its upkeep and its storage cost.

    .ci/lake && PYTHONPATH=. .venv/bin/python benchmarks/lake.py [--requests 100] [--calls 1000000]

Prints the tables of docs/scaling.md. First one, two and three collectors take calls in, into one
lake; then its small files are merged; then a ledger of many calls is moved into a lake, and the
Overview's questions are asked there and of one machine's file. PostgreSQL, collectors, senders and
files share the machine, so compare CPU seconds rather than seconds. Files are in a folder: S3 adds
its own latency to upkeep and to questions about single calls, none to what is acknowledged.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
import psutil
from big_ledger import fill
from ingest_payload import bodies
from overview import ARROW, measure

from spanledger_collector.store.duckdb import DATABASE_NAME, copy_portable
from tests.durability.process import collector_process
from tests.lake.environment import LakeCollector, lake_collectors, lake_python, lake_variables
from tests.lake.senders import totals
from tests.lake.services import Postgres, postgres, wait_until

SPANS = 512
ALONE = 100
"""Requests of one call, one after the other: what an acknowledgement takes at least."""
PROTOBUF = {"content-type": "application/x-protobuf"}
ROUNDS, DAYS = 7, 90
GB_MONTH_USD, MILLION_PUTS_USD = 0.023, 5.0
"""List prices of S3 in us-east-1."""
A_DAY = 1_000_000_000


class Received(NamedTuple):
    """What receiving took, for each collectors' count."""

    collectors: int
    rows_s: float
    settled_s: float
    cpu_received: float
    cpu_settled: float
    wal: float
    request_ms: list[float]
    alone_ms: list[float]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100, help=f"of {SPANS} spans, for each run")
    parser.add_argument("--calls", type=int, default=1_000_000, help="of the ledger that is asked")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="spanledger-lake-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with postgres(folder / "pg") as cluster:
            lake = _lake(cluster, folder, "taken_in")
            received = [
                _receive(cluster, folder / str(count), lake, count, wanted.requests)
                for count in (1, 2, 3)
            ]
            _print_received(received)
            merged = _merge(lake)
            _print_merged(merged)
            a_call = _ask(cluster, folder, wanted.calls)
        _print_arithmetic(received[0], merged, a_call)


def _lake(cluster: Postgres, folder: Path, name: str) -> dict[str, str]:
    return {
        "SPANLEDGER_STORE__CATALOG": f"ducklake:postgres:{cluster.create(name)}",
        "SPANLEDGER_STORE__DATA_PATH": str(folder / f"files-{name}"),
    }


def _receive(
    cluster: Postgres, folder: Path, lake: dict[str, str], count: int, requests: int
) -> Received:
    waiting = "select count(*) from spanledger.inbox where refused is null"

    def settle() -> None:
        wait_until(lambda: cluster.ask("taken_in", waiting) == [(0,)], "all is taken in", 600)

    with lake_collectors(folder, count, lake) as collectors:
        urls = [each.url for each in collectors]
        _send(urls, bodies(count, SPANS, "plain"))  # what is slow once
        settle()
        wal, cpu = _wal(cluster), _cpu(collectors)
        began = time.perf_counter()
        took = _send(urls, bodies(requests, SPANS, "plain"))
        acknowledged, used = time.perf_counter() - began, _cpu(collectors) - cpu
        settle()
        settled, used_in_all = time.perf_counter() - began, _cpu(collectors) - cpu
        logged = _wal(cluster) - wal
        alone = _send(urls[:1], bodies(ALONE, 1, "plain"), at_once=1)
        settle()
    rows = requests * SPANS
    return Received(
        count,
        rows / acknowledged,
        rows / settled,
        rows / used,
        rows / used_in_all,
        logged / rows,
        [each * 1e3 for each in took],
        [each * 1e3 for each in alone],
    )


def _send(urls: list[str], requests: list[bytes], at_once: int = 4) -> list[float]:
    """Send all requests, so many at a time for each collector."""
    with httpx2.Client(timeout=120) as http, ThreadPoolExecutor(at_once * len(urls)) as threads:

        def one(number: int) -> float:
            began = time.perf_counter()
            url = f"{urls[number % len(urls)]}/v1/traces"
            http.post(url, content=requests[number], headers=PROTOBUF).raise_for_status()
            return time.perf_counter() - began

        return list(threads.map(one, range(len(requests))))


def _merge(lake: dict[str, str]) -> dict[str, Any]:
    place = [
        *("--catalog", lake["SPANLEDGER_STORE__CATALOG"]),
        *("--files", lake["SPANLEDGER_STORE__DATA_PATH"]),
    ]
    facts: dict[str, Any] = json.loads(_in_lake([str(_HERE / "lake_merging.py"), *place], {}))
    return facts


def _ask(cluster: Postgres, folder: Path, calls: int) -> float:
    """The Overview's questions, of a file and of a lake with the same calls; gives bytes a call."""
    (folder / "big").mkdir()
    fill(folder / "big", calls, DAYS)
    copy_portable(folder / "big" / DATABASE_NAME, folder / "portable.duckdb")
    lake = _lake(cluster, folder, "asked")
    moving = {**lake, "SPANLEDGER_STORE__PATH": str(folder / "scratch")}
    began = time.perf_counter()
    command = ["-m", "spanledger", "migrate", "into-lake", str(folder / "portable.duckdb")]
    _in_lake([*command, "--config", os.devnull], moving)
    moved = time.perf_counter() - began
    with collector_process(folder / "big") as (_, url):
        by_file = _times(url)
    with lake_collectors(folder / "asking", 1, lake) as [collector]:
        assert totals(collector.url)[0] == calls
        by_lake = _times(collector.url)
    print(f"\n### Questions over {DAYS} days, {calls:,} calls, moved there in {moved:.0f} s\n")
    print("| question | file, ms p50 | lake, ms p50 | lake, ms p95 | lake / file |")
    print("|---|---|---|---|---|")
    for name, times in by_lake.items():
        here, there = statistics.median(by_file[name]), statistics.median(times)
        worst = sorted(times)[int(0.95 * (len(times) - 1))]
        print(f"| {name} | {here:.0f} | {there:.0f} | {worst:.0f} | {there / here:.1f} |")
    files = Path(lake["SPANLEDGER_STORE__DATA_PATH"])
    of_calls, in_all = (_size(files, pattern) / calls for pattern in ("calls/*", "*"))
    of_file = (folder / "big" / DATABASE_NAME).stat().st_size / calls
    print(f"\nParquet: {in_all:.0f} B a call, of which {of_calls:.0f} B are the calls themselves;")
    print(f"the file of one machine: {of_file:.0f} B a call.")
    return in_all


def _size(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.rglob(f"{pattern}.parquet"))


def _times(url: str) -> dict[str, list[float]]:
    with httpx2.Client(base_url=url, headers={"accept": ARROW}, timeout=120) as api:
        measure(api, 1, DAYS, every=False)
        return measure(api, ROUNDS, DAYS, every=False)


def _in_lake(arguments: list[str], variables: dict[str, str]) -> str:
    ran = subprocess.run(
        [lake_python(), *arguments],
        env={**lake_variables(), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _print_received(received: list[Received]) -> None:
    print(f"### Taking in, requests of {SPANS} calls, four at a time for each collector\n")
    print("| | " + " | ".join(_collectors(each.collectors) for each in received) + " |")
    print("|---|" + "---|" * len(received))
    lines = {
        "rows/s acknowledged": [f"{each.rows_s:,.0f}" for each in received],
        "rows/s taken in as well": [f"{each.settled_s:,.0f}" for each in received],
        "rows by CPU-second until acknowledged": [f"{e.cpu_received:,.0f}" for e in received],
        "rows by CPU-second until taken in": [f"{each.cpu_settled:,.0f}" for each in received],
        "PostgreSQL's log, B a row": [f"{each.wal:.0f}" for each in received],
        "a request, ms p50 / p99": [_p50_p99(each.request_ms) for each in received],
        "one call alone, ms p50 / p99": [_p50_p99(each.alone_ms) for each in received],
    }
    for name, cells in lines.items():
        print(f"| {name} | {' | '.join(cells)} |")


def _collectors(count: int) -> str:
    return "1 collector" if count == 1 else f"{count} collectors"


def _print_merged(merged: dict[str, Any]) -> None:
    calls = merged["calls"]
    for what, measured in (
        (f"Merging the small files of {calls:,} calls once", merged["merging"]),
        (f"Writing a file anew from which one of {calls:,} calls is gone", merged["rewriting"]),
    ):
        print(f"\n### {what}\n")
        print("| | measured | for a million calls |\n|---|---|---|")
        print(f"| files | {measured['files_before']} → {measured['files_after']} | |")
        for name, key, unit, scale in (
            ("time", "seconds", "s", 1.0),
            ("CPU", "cpu_seconds", "s", 1.0),
            ("read", "bytes_read", "MB", 1e6),
            ("written", "bytes_written", "MB", 1e6),
        ):
            value = measured[key] / scale
            print(f"| {name} | {value:.1f} {unit} | {value * 1e6 / calls:.0f} {unit} |")


def _print_arithmetic(received: Received, merged: dict[str, Any], a_call: float) -> None:
    """From what was counted in CPU-seconds and bytes to dollars and to a billion calls a day."""
    a_month = a_call * 1e6 / 1e9 * GB_MONTH_USD
    second = A_DAY / 86_400
    receiving = 1 / received.cpu_received
    taking_in = max(1 / received.cpu_settled - receiving, 0.0)
    merging = merged["merging"]["cpu_seconds"] / merged["calls"]
    puts = 86_400 / 1e6 * MILLION_PUTS_USD
    a_day = a_call * A_DAY / 1e9
    print(
        "\n### Arithmetic\n\n"
        f"- A million calls: {a_call:.0f} MB with all sums; ${a_month:.4f} a month,"
        f" ${a_month * 400 / 30:.3f} over 400 days.\n"
        f"- A pass a second writes four to eight files: ${4 * puts:.2f} to ${8 * puts:.2f} a day.\n"
        f"- A billion calls a day: {second:,.0f} a second, three times that at the peak; receiving"
        f" takes {second * receiving:.1f} cores, taking in {second * taking_in:.1f}, merging each"
        f" row three times {3 * second * merging:.1f}; {second * received.wal / 1e6:.1f} MB/s of"
        f" PostgreSQL's log; {a_day:.0f} GB of Parquet a day, ${a_day * GB_MONTH_USD:.2f} for each"
        " month that it is kept.\n"
        f"- One maintainer takes in {1 / max(taking_in, 1e-9):,.0f} calls by CPU-second."
    )


def _p50_p99(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {sorted(times)[int(0.99 * (len(times) - 1))]:.0f}"


def _cpu(collectors: list[LakeCollector]) -> float:
    times = [psutil.Process(each.process.pid).cpu_times() for each in collectors]
    return sum(each.user + each.system for each in times)


def _wal(cluster: Postgres) -> int:
    [[bytes_written]] = cluster.ask("taken_in", "select pg_current_wal_lsn() - '0/0'")
    return int(str(bytes_written))


_HERE = Path(__file__).parent

if __name__ == "__main__":
    main()
