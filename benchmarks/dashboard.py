"""How long a reader of the dashboard waits, and what a reader costs, on a ledger of any size.

    python benchmarks/big_ledger.py /tmp/ten --calls 10000000
    python benchmarks/dashboard.py /tmp/ten

Collector, dashboard and a headless Chromium run as processes of their own. *Cold* is a dashboard
and a browser that have just started: nothing is cached, the scripts of the page included. A page
has its *first paint* when its first number stands there, and is *drawn* when its charts do. A
*filter change* is a click on another time range, until the answer stands there. Sessions are
websockets that speak Streamlit's protocol, as browsers do, all opened at once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx2
import psutil
from playwright.sync_api import Page, sync_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
FIRST_PAINT_LIMIT_S = 2.5
CHANGE_LIMIT_S = 0.7
GROWTH_LIMIT_MIB = 1.0
RANGES = {"30 days": "previous 30 days", "7 days": "previous 7 days", "90 days": "previous 90"}
PATIENCE_MS = 120_000


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], health: str, **environment: str) -> Iterator[psutil.Process]:
    """A process that answers at an address."""
    server = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(1200):
            with suppress(httpx2.TransportError):
                if httpx2.get(health, trust_env=False).status_code == 200:
                    break
            time.sleep(0.05)
        yield psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


@contextmanager
def dashboard(collector_url: str) -> Iterator[tuple[str, psutil.Process]]:
    """A dashboard that has just started."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(
        ["spanledger_dashboard", "--port", str(port)],
        f"{url}/_stcore/health",
        SPANLEDGER_DASHBOARD__COLLECTOR_URL=collector_url,
        SPANLEDGER_DASHBOARD__TIME_ZONE="Europe/Berlin",
    ) as process:
        yield url, process


def opened(url: str) -> tuple[float, float]:
    """Seconds until the first number and until the charts of Overview, in a new browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        started = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_selector("[data-testid=stMetricValue]")
        first = time.perf_counter() - started
        page.wait_for_selector("[data-testid=stVegaLiteChart] canvas, .marks")
        drawn = time.perf_counter() - started
        browser.close()
    return first, drawn


def changes(url: str, rounds: int) -> list[float]:
    """Seconds from a click on another range to its answer, in the cost explorer."""
    times: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{url}/explorer")
        _until(page, RANGES["7 days"])
        for number in range(rounds):
            name = list(RANGES)[number % len(RANGES)]
            control = page.get_by_role("radio", name=name, exact=True)
            started = time.perf_counter()
            control.click()
            _until(page, RANGES[name])
            times.append(time.perf_counter() - started)
        browser.close()
    return times


def _until(page: Page, words: str) -> None:
    script = "words => document.body.innerText.includes('compared with ' + words)"
    page.wait_for_function(script, arg=words)


async def sessions(url: str, count: int, process: psutil.Process) -> tuple[list[float], float]:
    """Seconds until each of so many pages is whole, and MiB that one session takes."""
    async with _Readers(url) as readers:
        await readers.open(count)  # what any first reader costs is no session's growth
        before = process.memory_full_info().uss
        times = await readers.open(count)
        after = process.memory_full_info().uss
    return times, (after - before) / count / 2**20


class _Readers:
    def __init__(self, url: str) -> None:
        self._url = url
        self._stack: list[ClientConnection] = []

    async def __aenter__(self) -> _Readers:
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket_ in self._stack:
            await socket_.close()

    async def open(self, count: int) -> list[float]:
        return await asyncio.gather(*(self._one() for _ in range(count)))

    async def _one(self) -> float:
        started = time.perf_counter()
        stream = f"{self._url.replace('http', 'ws')}/_stcore/stream"
        socket_ = await connect(
            stream, origin=Origin(self._url), proxy=None, max_size=None, open_timeout=60
        )
        self._stack.append(socket_)
        await socket_.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        async for message in socket_:
            if isinstance(message, bytes):
                told = ForwardMsg.FromString(message)
                if told.WhichOneof("type") == "script_finished":
                    break
        return time.perf_counter() - started


def main() -> None:
    """Measure, and print each figure beside its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", type=Path, help="folder of big_ledger.py")
    parser.add_argument("--rounds", type=int, default=5, help="cold starts")
    parser.add_argument("--clicks", type=int, default=15)
    parser.add_argument("--sessions", type=int, default=30)
    given = parser.parse_args()
    port = free_port()
    collector = f"http://127.0.0.1:{port}"
    command = ["spanledger", "collector", "--port", str(port), "--data-dir", str(given.ledger)]
    with ExitStack() as stack:
        stack.enter_context(
            running(command, f"{collector}/readyz", SPANLEDGER_COLLECTOR__GRPC_PORT="off")
        )
        cold = []
        for _ in range(given.rounds):
            with dashboard(collector) as (url, _process):
                cold.append(opened(url))
        with dashboard(collector) as (url, process):
            warm = [opened(url) for _ in range(given.rounds + 1)][1:]
            clicks = changes(url, given.clicks)
            waited, growth = asyncio.run(sessions(url, given.sessions, process))
            rss = process.memory_info().rss / 2**20
    print(f"load of the machine               {os.getloadavg()[0]:8.1f} on {os.cpu_count()} cores")
    _line("Overview cold, first paint", [first for first, _ in cold], FIRST_PAINT_LIMIT_S)
    _line("Overview cold, drawn", [drawn for _, drawn in cold])
    _line("Overview warm, first paint", [first for first, _ in warm])
    _line("filter change, all", clicks, CHANGE_LIMIT_S)
    _line("filter change, range seen before", clicks[len(RANGES) :])
    _line(f"{given.sessions} sessions at once, page whole", waited)
    print(f"memory a session                  {growth:8.2f} MiB, limit {GROWTH_LIMIT_MIB}")
    print(f"resident with {2 * given.sessions} sessions         {rss:8.0f} MiB")


def _line(name: str, seconds: list[float], limit: float | None = None) -> None:
    middle = statistics.median(seconds)
    bound = f", limit {limit} s, ratio {middle / limit:.2f}" if limit else ""
    print(f"{name:32}  {middle:8.2f} s  {min(seconds):.2f} to {max(seconds):.2f}{bound}")


if __name__ == "__main__":
    main()
