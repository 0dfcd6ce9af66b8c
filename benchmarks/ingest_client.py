"""The clients that `ingest.py` measures with: as fast as possible, or at a given pace."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
from overview import questions

__all__ = ["Sent", "ask_pages", "send_all"]

HEADERS = {"Content-Type": "application/x-protobuf"}
PATIENCE_S = 120
PAUSE_S = 1.0
LEAD_S = 0.1
"""For the connections to be there when the first request is due."""


class Sent(NamedTuple):
    """What came of sending requests."""

    latencies_s: list[float]
    """Of each request, from when it was due until it was acknowledged."""
    took_s: float

    def quantile_ms(self, share: float) -> float:
        """The latency that so many requests did not exceed."""
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000


def send_all(
    address: str, bodies: Sequence[bytes], connections: int, interval_s: float = 0.0
) -> Sent:
    """Send every request, at once or each at its time, over connections that stay open.

    With a pace, a request is timed from when it was due, even if all connections were waiting for
    answers then: a slow server cannot make itself look better by slowing the client.
    """
    paced = interval_s > 0
    begin = time.perf_counter() + (LEAD_S if paced else 0.0)
    due = [
        (begin + number * interval_s if paced else None, body) for number, body in enumerate(bodies)
    ][::-1]
    latencies: list[float] = []
    senders = [
        threading.Thread(target=_send, args=(address, due, latencies)) for _ in range(connections)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if len(latencies) != len(bodies):
        raise SystemExit(f"only {len(latencies)} of {len(bodies)} requests were acknowledged")
    return Sent(latencies, time.perf_counter() - begin)


def _send(address: str, due: list[tuple[float | None, bytes]], latencies: list[float]) -> None:
    """Send on one connection until nothing is left; what is told to come again does."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    while due:
        try:
            moment, body = due.pop()
        except IndexError:
            break
        begin = time.perf_counter() if moment is None else moment
        time.sleep(max(0.0, begin - time.perf_counter()))
        status = 503
        while status == 503:
            connection.request("POST", "/v1/traces", body, HEADERS)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        if status == 200:
            latencies.append(time.perf_counter() - begin)
    connection.close()


def ask_pages(address: str, stop: threading.Event) -> Callable[[], list[float]]:
    """Ask what the Overview page asks, once a second, until told to stop; gives seconds a page."""
    pages: list[float] = []

    def ask() -> None:
        with httpx2.Client(
            base_url=address, headers={"accept": "application/vnd.apache.arrow.stream"}, timeout=60
        ) as client:
            while not stop.is_set():
                begin = time.perf_counter()
                for _, query, parameters in questions(90):
                    client.get(f"/api/v1/query/{query}", params=parameters).raise_for_status()
                pages.append(time.perf_counter() - begin)
                stop.wait(PAUSE_S)

    thread = threading.Thread(target=ask)
    thread.start()

    def finish() -> list[float]:
        stop.set()
        thread.join()
        return pages

    return finish
