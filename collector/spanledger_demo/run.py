"""The demo's steps, as the command line takes them: simulator, history, live traffic."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timezone
from decimal import Decimal
from itertools import islice
from typing import Final, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanledger_demo.history import DemoCall, History, charge
from spanledger_demo.live import Traffic, live
from spanledger_demo.sender import Sender
from spanledger_demo.simulator import Bill, Simulator, running_simulator
from spanledger_demo.spans import export_request
from spanledger_demo.work import Step, steps

__all__ = ["HistoryResult", "Traffic", "backfill", "demo_simulator", "live"]

_SPANS_PER_REQUEST: Final = 512

Progress = Callable[[int, int], None]
"""Is told how many spans the collector has taken, and how many there are in all."""


class HistoryResult(NamedTuple):
    """What the backfill did."""

    spans: int
    """All requests, also those that are free; not the spans of the work around them."""
    billed: int
    """The model requests on the simulator's bill."""
    usd: Decimal
    seconds: float
    now: datetime
    """The end of the history."""


def demo_simulator(port: int = 0, *, seed: int = 7) -> AbstractContextManager[Simulator]:
    """Run the simulator of the demo: about as slow, and now and then as overloaded, as the API."""
    return running_simulator(port, seed=seed, error_rate=0.01, delay_s=0.3, chunk_delay_s=0.02)


def backfill(
    collector_url: str,
    token: str | None,
    simulator: Simulator,
    *,
    days: int = 30,
    seed: int = 7,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> HistoryResult:
    """Send the history of the last days to a collector, and bill it to the simulator.

    Raises:
        DeliveryError: the collector refused spans, or could not be reached for a minute.
    """
    started = time.monotonic()
    now = now or datetime.now(timezone.utc)
    before = simulator.bill()
    history = History(now=now, days=days, seed=seed)
    made: list[DemoCall] = []
    requests = _export_requests(_billed(history, simulator.world.bill, made))
    sent = 0
    with Sender(collector_url, token) as sender:
        for spans in sender.send_all(requests):
            sent += spans
            if progress is not None:
                progress(sent, len(history))
        deque(sender.send_all(_export_requests(steps(made))), maxlen=0)
    after = simulator.bill()
    return HistoryResult(
        spans=sent,
        billed=after.requests() - before.requests(),
        usd=after.usd() - before.usd(),
        seconds=time.monotonic() - started,
        now=now,
    )


def _billed(history: History, bill: Bill, made: list[DemoCall]) -> Iterator[DemoCall]:
    """Give the calls as they are billed, and keep them: the work around them is sent last."""
    for call in history.calls():
        charge(bill, call)
        made.append(call)
        yield call


def _export_requests(done: Iterator[DemoCall | Step]) -> Iterator[ExportTraceServiceRequest]:
    while chunk := list(islice(done, _SPANS_PER_REQUEST)):
        yield export_request(chunk)
