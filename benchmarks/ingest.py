"""How many spans a second does the collector acknowledge, after commit, over OTLP/HTTP?

One collector process with its ledger on disk, one client process on the same machine: 512 spans a
request, 16 connections, protobuf without compression, every span a call of its own. The baseline,
in the same run, is the same server with an application that parses each request and throws it away:
what is left of its rate is what decoding, pricing, storing and fsync cost.

    python benchmarks/ingest.py --requests 400
    python benchmarks/ingest.py --payload own          # all attributes of our instrumentation
    python benchmarks/ingest.py --stored 10000000      # and into a ledger that holds so many calls
    python benchmarks/ingest.py --rate 5000 --queries  # latency at a pace, the dashboard asking
    python benchmarks/ingest.py --phoenix /path/to/python/with/arize-phoenix
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2
from big_ledger import fill
from ingest_client import ask_pages, send_all
from ingest_payload import PAYLOADS, bodies
from ingest_servers import Running, collector, discarding, phoenix

PHOENIX_REQUESTS = 20
PHOENIX_PATIENCE_S = 300
STORED = '{"query": "{ projects { edges { node { recordCount } } } }"}'


def main() -> None:
    """Measure what was asked for, each beside its baseline."""
    options = _options()
    requests = options.requests
    if options.rate:
        requests = int(options.rate * options.seconds / options.spans)
    sent = bodies(requests, options.spans, options.payload)
    size = sum(map(len, sent)) / requests / options.spans
    print(f"{requests} requests x {options.spans} spans, {size:.0f} B a span")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.phoenix:
            _beside_phoenix(options, sent[:PHOENIX_REQUESTS], Path(folder))
        elif options.rate:
            _at_a_pace(options, sent, Path(folder))
        else:
            _as_fast_as_possible(options, sent, Path(folder))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=400, help="requests for each server")
    parser.add_argument("--spans", type=int, default=512, help="spans a request")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--payload", choices=sorted(PAYLOADS), default="plain")
    parser.add_argument("--stored", type=int, default=0, help="calls of a ledger to fill for it")
    parser.add_argument("--ledger", type=Path, help="a folder to copy it from instead")
    parser.add_argument("--rate", type=float, default=0.0, help="spans a second, instead of all")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long at that rate")
    parser.add_argument("--queries", action="store_true", help="ask for a page every second")
    parser.add_argument("--phoenix", type=Path, help="a Python that has arize-phoenix")
    parser.add_argument("--folder", type=Path, help="where the ledgers lie (default: temporary)")
    return parser.parse_args()


def _as_fast_as_possible(options: argparse.Namespace, sent: list[bytes], folder: Path) -> None:
    baseline = _measure("discard", discarding(), sent, options)
    empty = _measure("collector", collector(folder / "empty"), sent, options)
    print(f"ratio to discard   {empty / baseline:10.2f}")
    if options.stored or options.ledger:
        _fill(options, folder / "full")
        full = _measure("filled", collector(folder / "full"), sent, options)
        print(f"ratio to empty     {full / empty:10.2f}")


def _fill(options: argparse.Namespace, folder: Path) -> None:
    """Make a ledger that holds calls of ninety days, or copy one that `big_ledger.py` made."""
    if options.ledger:
        shutil.copytree(options.ledger, folder)
    else:
        folder.mkdir()
        fill(folder, options.stored, days=90)


def _measure(
    name: str,
    server: AbstractContextManager[Running],
    sent: list[bytes],
    options: argparse.Namespace,
) -> float:
    """Send all requests as fast as they are acknowledged; gives spans a second."""
    with server as running:
        before = running.cpu_s()
        result = send_all(running.address, sent, options.connections)
        cpu_us = (running.cpu_s() - before) * 1e6
        memory = running.peak_mib()
    spans = len(sent) * int(options.spans)
    print(
        f"{name:14} {spans / result.took_s:10,.0f} acked spans/s   "
        f"p50 {result.quantile_ms(0.5):6.1f} ms   p99 {result.quantile_ms(0.99):6.1f} ms   "
        f"{cpu_us / spans:5.1f} us CPU a span   peak {memory:5.0f} MiB"
    )
    return spans / result.took_s


def _at_a_pace(options: argparse.Namespace, sent: list[bytes], folder: Path) -> None:
    folder = folder / "ledger"
    if options.stored or options.ledger:
        _fill(options, folder)
    with collector(folder) as running:
        finish = ask_pages(running.address, threading.Event()) if options.queries else list[float]
        result = send_all(running.address, sent, options.connections, options.spans / options.rate)
        pages = sorted(finish())
        memory = running.peak_mib()
    print(f"acked              {len(sent) * options.spans / result.took_s:10,.0f} spans/s")
    for share in (0.5, 0.9, 0.99, 1.0):
        print(f"p{share * 100:<16.0f}  {result.quantile_ms(share):10.1f} ms")
    if pages:
        print(f"pages              {len(pages):10}   p50 {pages[len(pages) // 2] * 1000:.1f} ms")
    print(f"peak memory        {memory:10.0f} MiB")


def _beside_phoenix(options: argparse.Namespace, sent: list[bytes], folder: Path) -> None:
    """The same requests to both, until all their spans are stored."""
    ours = _measure("collector", collector(folder / "ledger"), sent, options)
    (folder / "phoenix").mkdir()
    with phoenix(options.phoenix, folder / "phoenix") as running:
        begin = time.perf_counter()
        result = send_all(running.address, sent, options.connections)
        _wait_until_stored(running.address, len(sent) * options.spans)
        took_s = time.perf_counter() - begin
    spans = len(sent) * int(options.spans)
    print(f"phoenix        {spans / result.took_s:10,.0f} acked spans/s, before they are stored")
    print(f"phoenix        {spans / took_s:10,.0f} stored spans/s")
    print(f"ratio          {ours / (spans / took_s):10.1f}")


def _wait_until_stored(address: str, spans: int) -> None:
    """Phoenix acknowledges what it has queued; ask it until it has all."""
    with httpx2.Client(base_url=address, timeout=60) as client:
        give_up = time.perf_counter() + PHOENIX_PATIENCE_S
        while time.perf_counter() < give_up:
            answer = client.post(
                "/graphql", content=STORED, headers={"content-type": "application/json"}
            )
            projects = answer.json()["data"]["projects"]["edges"]
            if sum(project["node"]["recordCount"] for project in projects) >= spans:
                return
            time.sleep(0.25)
    raise SystemExit(f"Phoenix did not store {spans} spans in {PHOENIX_PATIENCE_S} s")


if __name__ == "__main__":
    main()
