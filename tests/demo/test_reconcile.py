"""The whole path: history and live traffic through a real collector, equal to the bill, or not."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from spanledger_collector.server import RunningCollector
from spanledger_demo.live import Traffic, TrafficError, live
from spanledger_demo.reconcile import reconcile
from spanledger_demo.run import backfill, demo_simulator
from spanledger_demo.sender import DeliveryError, Sender
from spanledger_demo.simulator import Counts, Simulator

PATIENCE_S = 90.0
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=timezone.utc)


def test_the_history_equals_the_bill(collector: RunningCollector, simulator: Simulator) -> None:
    """Thirty days are equal to the picodollar by model, failures and cut streams included."""
    seen: list[tuple[int, int]] = []
    result = backfill(
        collector.url, None, simulator, now=NOW, progress=lambda *step: seen.append(step)
    )
    compared = reconcile(collector.url, None, simulator.bill())

    assert compared.equal, compared.text
    assert result.usd == simulator.bill().usd()
    assert seen[-1] == (result.spans, result.spans)
    assert len(compared.exact) == 5
    assert sum(line.ledger.calls for line in compared.partial) > 50
    assert compared.failed.calls > 100
    assert "The ledger equals the simulator's bill" in compared.text


def test_the_comparison_can_fail(collector: RunningCollector, simulator: Simulator) -> None:
    """One billed request that the ledger does not know is found, and its model named."""
    backfill(collector.url, None, simulator, now=NOW, days=1)
    simulator.world.bill.charge("claude-opus-5-5", Counts(cache_read=1))
    compared = reconcile(collector.url, None, simulator.bill())

    assert not compared.equal
    assert [line.model for line in compared.exact if not line.equal] == ["claude-opus-5-5"]
    assert "DIFFERENT" in compared.text
    assert "DOES NOT EQUAL" in compared.text


def test_sending_the_same_history_twice_counts_once(
    collector: RunningCollector, simulator: Simulator
) -> None:
    """Ids come from seed and moment, so a repeated backfill changes nothing in the ledger."""
    backfill(collector.url, None, simulator, now=NOW, days=2)
    bill = simulator.bill()
    backfill(collector.url, None, simulator, now=NOW, days=2)

    assert reconcile(collector.url, None, bill).equal


def test_yesterdays_spike_shows_in_the_ledger(
    collector: RunningCollector, simulator: Simulator
) -> None:
    """Grouped by feature, yesterday's most expensive one is the runaway."""
    now = datetime.now(timezone.utc)
    backfill(collector.url, None, simulator, days=2, now=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    span = {"start": (midnight - timedelta(days=1)).isoformat(), "end": midnight.isoformat()}
    answer = httpx2.get(
        f"{collector.url}/api/v1/query/usage", params={**span, "group_by": "feature"}
    )

    assert answer.json()["rows"][0]["group_1"] == "repo-migration"


def test_live_traffic_equals_the_bill(collector: RunningCollector) -> None:
    """Real SDK clients in three processes: every call arrives, tagged, at the billed price."""
    with demo_simulator() as simulator:
        with live(collector.url, None, simulator.url, rate=9, patience_s=PATIENCE_S) as traffic:
            give_up_at = time.monotonic() + PATIENCE_S
            while not _all_have_called(collector) and time.monotonic() < give_up_at:
                assert not traffic.wait(0.2)
        compared = reconcile(collector.url, None, simulator.bill())
        rows = asked(collector, "usage", group_by="service", group_by_2="team")
        [checked] = asked(collector, "traces", feature="fraud-check", sort="calls", limit=1)
        trace = asked(collector, "trace", trace_id=checked["trace_id"])

    assert compared.equal, compared.text
    names = {row["span_id"]: row["name"] for row in trace}
    assert names[trace[1]["parent_span_id"]] == "POST /orders/{id}/check"
    assert {names[row["parent_span_id"]] for row in trace if row["kind"] == "call"} == {
        "invoke_agent fraud-checker"
    }
    assert {(row["group_1"], row["group_2"]) for row in rows} == {
        ("checkout", "payments"),
        ("helpdesk", "support"),
        ("search", "search"),
    }


def asked(collector: RunningCollector, query: str, **parameters: str | int) -> list[dict[str, Any]]:
    """The rows that answer a query."""
    answer = httpx2.get(f"{collector.url}/api/v1/query/{query}", params=parameters, timeout=60)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["rows"]
    return rows


def wait_for_calls(simulator: Simulator, traffic: Traffic, count: int) -> None:
    """Wait until so many calls are billed."""
    give_up_at = time.monotonic() + PATIENCE_S
    while simulator.bill().requests() < count and time.monotonic() < give_up_at:
        assert not traffic.wait(0.1)


def _all_have_called(collector: RunningCollector) -> bool:
    rows = asked(collector, "usage", group_by="service")
    enough = sum(row["calls"] for row in rows) > 20 and len(rows) == 3
    return enough and bool(asked(collector, "traces", feature="fraud-check", limit=1))


def test_leaving_the_context_stops_traffic_without_loss(collector: RunningCollector) -> None:
    """Services without an end are stopped cleanly: what they called is in the ledger."""
    with demo_simulator() as simulator:
        with live(collector.url, None, simulator.url, rate=12, patience_s=PATIENCE_S) as traffic:
            wait_for_calls(simulator, traffic, 15)
        compared = reconcile(collector.url, None, simulator.bill())

    assert compared.equal, compared.text
    assert simulator.bill().requests() >= 15


def test_a_service_that_cannot_deliver_is_an_error(simulator: Simulator) -> None:
    """Without a collector the traffic says so, with the last words of a service."""
    with (
        pytest.raises(TrafficError, match="could be delivered"),
        live("http://127.0.0.1:9", None, simulator.url, rate=30, patience_s=0.5) as traffic,
    ):
        wait_for_calls(simulator, traffic, 1)


@contextmanager
def answering(*statuses: int) -> Iterator[tuple[str, list[int]]]:
    """Run an HTTP server that gives these answers in turn, the last one for ever."""
    given: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status = statuses[min(len(given), len(statuses) - 1)]
            given.append(status)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", given
        server.shutdown()
        thread.join()


def test_a_busy_collector_is_asked_again() -> None:
    """503 is not the end: the same request is sent until it is taken."""
    with answering(503, 503, 200) as (url, given), Sender(url, None) as sender:
        delivered = list(sender.send_all([ExportTraceServiceRequest()]))

    assert delivered == [0]
    assert given == [503, 503, 200]


def test_a_refusal_ends_the_backfill() -> None:
    """400 is raised with what the collector said, not repeated."""
    with (
        answering(400) as (url, given),
        Sender(url, None) as sender,
        pytest.raises(DeliveryError, match="answered 400"),
    ):
        list(sender.send_all([ExportTraceServiceRequest()]))

    assert given == [400]
