"""A collector in a process of its own, that can be killed, and senders that do not give up."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import httpx2
import orjson

from tests.collector.support import JSON, Client, call_span, request_of

PROGRAM = """
import logging, sys
from pathlib import Path
from spanledger_collector.server import run_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
run_collector(
    Settings(
        collector=CollectorSettings(port=int(sys.argv[2])),
        store=StoreSettings(path=Path(sys.argv[1]), min_free_bytes=int(sys.argv[3])),
    )
)
"""
CALLS_A_REQUEST = 10


@contextmanager
def collector_process(
    folder: Path,
    port: int = 0,
    environment: Mapping[str, str] | None = None,
    min_free_bytes: int = 0,
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running collector and its address, as its log tells it; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(port), str(min_free_bytes)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )
    assert process.stdout is not None
    # Somebody has to read the log, or the collector would wait for room in the pipe.
    reader = threading.Thread(target=process.stdout.read, daemon=True)
    try:
        address = next(line for line in process.stdout if "listens on http" in line).split()[-1]
        reader.start()
        yield process, address
    finally:
        process.kill()
        process.wait()
        if reader.ident is not None:
            reader.join()
        process.stdout.close()


class Senders:
    """Threads that send calls as an exporter does: the same request again until it is answered.

    Args:
        url: the collector, which may be away for a while.
        seed: of the names of the calls.
        count: how many threads.
        pause_s: between two requests of a thread.
    """

    def __init__(self, url: str, seed: str, count: int = 4, pause_s: float = 0.0) -> None:
        self.acknowledged: list[str] = []
        """Message ids of calls that the collector answered with 200."""
        self.answers: set[int] = set()
        """The HTTP statuses seen."""
        self._url = url
        self._stop = threading.Event()
        self._given_up = False
        self._pause_s = pause_s
        self._threads = [
            threading.Thread(target=self._send, args=(f"{seed}{n}",)) for n in range(count)
        ]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._given_up = failure is not None
        self.finish()

    def finish(self) -> None:
        """Have what is under way acknowledged, then stop."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, patience_s: float = 300.0) -> None:
        """Wait until so many more calls were acknowledged."""
        enough = len(self.acknowledged) + more
        deadline = time.monotonic() + patience_s
        while len(self.acknowledged) < enough:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {enough} calls"
            self._threads[0].join(0.005)

    def _send(self, name: str) -> None:
        with httpx2.Client(base_url=self._url, timeout=120) as http:
            number = 0
            while not self._stop.is_set():
                ids = [f"msg_{name}_{number}_{i}" for i in range(CALLS_A_REQUEST)]
                body = orjson.dumps(request_of([call_span(each) for each in ids]))
                while not self._accepted(http, body):
                    if self._given_up:
                        return
                    time.sleep(random.uniform(0.005, 0.05))  # as an exporter does
                self.acknowledged.extend(ids)
                number += 1
                self._stop.wait(self._pause_s)

    def _accepted(self, http: httpx2.Client, body: bytes) -> bool:
        try:
            answer = http.post("/v1/traces", content=body, headers={"content-type": JSON})
        except httpx2.TransportError:
            return False
        self.answers.add(answer.status_code)
        return answer.status_code == 200


def assert_counted_once(client: Client, acknowledged: list[str]) -> None:
    """The ledger holds exactly the acknowledged calls, each once, call by call and in sums."""
    stored = all_message_ids(client)
    total = client.total()
    one = client.query("latest_calls", limit=1)[0]
    assert sorted(stored) == sorted(acknowledged)
    assert len(set(stored)) == len(stored) == total["calls"]
    assert Decimal(total["cost_usd"]) == Decimal(one["cost_usd"]) * len(stored)


def all_message_ids(client: Client) -> list[str]:
    """Every call's message id, page by page."""
    found: list[str] = []
    page: dict[str, object] = {}
    while rows := client.query("latest_calls", limit=1000, **page):
        found.extend(row["message_id"] for row in rows)
        page = {"before": rows[-1]["cursor"]}
    return found
