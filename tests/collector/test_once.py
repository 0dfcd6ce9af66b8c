"""A call counts once, however often and by whichever way it is delivered."""

from __future__ import annotations

from pathlib import Path

from spanledger_collector.server import running_collector
from tests.collector.support import Client, call_span, settings_for


def test_a_hundred_deliveries_count_once(tmp_path: Path) -> None:
    """The same export a hundred times, across a restart, is the same calls once."""
    spans = [call_span(f"msg_{number}") for number in range(20)]
    for _ in range(2):
        with running_collector(settings_for(tmp_path)) as collector:
            client = Client(collector.url)
            for _ in range(50):
                client.send(*spans)
            health = client.health()
            total = client.total()
            client.close()

    assert total["calls"] == 20
    assert total["cost_usd"] == "0.090000000000"
    assert health["duplicates_since_start"] == 50 * 20


def test_twice_in_one_request_counts_once(client: Client) -> None:
    """A request that holds a call twice adds it once; the first one stands."""
    first = call_span("msg_1")
    again = call_span("msg_1")
    client.send(first, again, call_span("msg_2"), first)
    latest = client.query("latest_calls")

    assert {row["message_id"] for row in latest} == {"msg_1", "msg_2"}
    assert len(latest) == 2
    assert first["spanId"] in {row["span_id"] for row in latest}


def test_the_key_is_message_then_request_then_span(client: Client) -> None:
    """Reports of one message or one request are one call; without either, the span is the call."""
    with_request = {"anthropic.request.id": "req_1"}
    bare = call_span()
    client.send(
        call_span(attributes=with_request),
        call_span(attributes=with_request),
        call_span("msg_1", attributes=with_request),
        bare,
        bare,
        call_span(),
    )

    assert client.health()["calls"] == 3


def test_a_late_report_is_found_within_the_hour(client: Client) -> None:
    """Two reports of one call whose clocks differ are one call, whichever came first."""
    start_ns = 1_790_000_000_000_000_000
    client.send(call_span("msg_1", start_ns=start_ns))
    client.send(call_span("msg_1", start_ns=start_ns - 50 * 60 * 10**9))
    client.send(call_span("msg_1", start_ns=start_ns + 50 * 60 * 10**9))

    assert client.health()["calls"] == 1


def test_other_spans_count_once(client: Client) -> None:
    """Spans that are no calls are known by trace and span id."""
    span = call_span() | {"attributes": []}
    other = call_span() | {"attributes": [], "traceId": span["traceId"]}
    for _ in range(3):
        client.send(span, other, span, scope="some.library")

    assert client.health()["spans"] == 2
