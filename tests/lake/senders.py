"""Services that send calls to any of several collectors until one acknowledges, and remember."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx2
import orjson

from tests.collector.support import JSON, call_span, request_of

COST_USD = "0.004500000000"
"""What each call costs: 1000 input and 100 output tokens of claude-sonnet-4-6."""


class Senders:
    """Threads that send small requests, now and then to two collectors; use as a context."""

    def __init__(self, urls: Sequence[str], threads: int = 2, calls: int = 20) -> None:
        self._urls = urls
        self._calls = calls
        self._stopping = threading.Event()
        self._given_up = threading.Event()
        self._lock = threading.Lock()
        self._sent = 0
        self.acknowledged = 0
        """Distinct calls that a collector acknowledged."""
        self.longest_wait_s = 0.0
        """The longest that one request went without an acknowledgement."""
        self._threads = [
            threading.Thread(target=self._run, args=(number,)) for number in range(threads)
        ]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed:
            self._given_up.set()
        self.finish()

    def finish(self) -> None:
        """Have what is under way acknowledged, then stop."""
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        dice = random.Random(number)
        with httpx2.Client(timeout=10) as http:
            while not self._stopping.is_set():
                self._deliver(http, dice, number)
                time.sleep(0.02)

    def _deliver(self, http: httpx2.Client, dice: random.Random, number: int) -> None:
        """Send one request until it is acknowledged; a tenth of them twice, to two collectors."""
        with self._lock:
            first, self._sent = self._sent, self._sent + self._calls
        spans = [call_span(f"msg_{number}_{first + each}") for each in range(self._calls)]
        body = orjson.dumps(request_of(spans))
        urls = list(self._urls)
        dice.shuffle(urls)
        began = time.monotonic()
        acknowledgements = 0
        while acknowledgements < (2 if dice.random() < 0.1 else 1):
            if self._given_up.is_set():
                return
            url = urls.pop(0)
            urls.append(url)
            acknowledgements += self._acknowledged(http, url, body)
            if not acknowledgements:
                time.sleep(0.05)
        with self._lock:
            self.acknowledged += len(spans)
            self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - began)

    def _acknowledged(self, http: httpx2.Client, url: str, body: bytes) -> bool:
        try:
            answer = http.post(f"{url}/v1/traces", content=body, headers={"content-type": JSON})
        except httpx2.HTTPError:
            return False
        return answer.status_code == 200


def ask(url: str, query: str, **parameters: Any) -> list[dict[str, Any]]:
    """Ask a collector; nothing while it does not answer."""
    try:
        answer = httpx2.get(f"{url}/api/v1/query/{query}", params=parameters, timeout=30)
    except httpx2.HTTPError:
        return []
    if answer.status_code != 200:
        return []
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def totals(url: str) -> tuple[int, str | None]:
    """Calls and dollars over all time, as a collector tells them."""
    everything = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    rows = ask(url, "usage", **everything)
    return (rows[0]["calls"], rows[0]["cost_usd"]) if rows else (0, None)
