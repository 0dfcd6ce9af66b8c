"""Values beyond belief are kept apart with the reason; they never reach a total."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from spanledger import semconv
from spanledger_collector.server import running_collector
from tests.collector.ledgers import opened
from tests.collector.support import Client, Document, call_span, settings_for
from tests.collector.wires import WIRES, spans, wired

DAY_NS = 86_400 * 10**9
NOW = time.time_ns()
ABSURD: dict[str, tuple[str, Document]] = {
    "no start": ("bad_time", call_span(startTimeUnixNano="0")),
    "before there was a Claude": ("bad_time", call_span(start_ns=10**18)),
    "the year 2500": ("bad_time", call_span(start_ns=16_725_225_600 * 10**9)),
    "the largest time": ("bad_time", call_span(endTimeUnixNano=str(2**64 - 1))),
    "the day after tomorrow": ("bad_time", call_span(start_ns=NOW + 2 * DAY_NS)),
    "ends before it starts": ("bad_time", call_span(duration_ns=-1)),
    "negative tokens": ("absurd_count", call_span(attributes={semconv.OUTPUT_TOKENS: -1})),
    "tokens without end": (
        "absurd_count",
        call_span(attributes={semconv.INPUT_TOKENS: 10**12 + 1}),
    ),
    "tokens as text": ("bad_number", call_span(attributes={semconv.OUTPUT_TOKENS: "many"})),
    "half a token": ("bad_number", call_span(attributes={semconv.OUTPUT_TOKENS: 0.5})),
    "true tokens": ("bad_number", call_span(attributes={semconv.OUTPUT_TOKENS: True})),
    "2^64 - 1 tokens": (
        "bad_number",
        call_span(attributes={semconv.OUTPUT_TOKENS: 2**64 - 1}),
    ),
    "more cached than read": (
        "absurd_count",
        call_span(attributes={semconv.CACHE_READ_TOKENS: 1001}),
    ),
    "searches without end": (
        "absurd_count",
        call_span(attributes={semconv.WEB_SEARCH_REQUESTS: 2**31}),
    ),
    "a million dollars": (
        "absurd_cost",
        call_span(attributes={semconv.OUTPUT_TOKENS: 10**12}),
    ),
    "a claim of a million dollars": (
        "absurd_cost",
        call_span(attributes={semconv.COST_PICODOLLARS: 10**18}),
    ),
    "a negative claim": ("absurd_cost", call_span(attributes={semconv.COST_PICODOLLARS: -1})),
    "iterations that are none": (
        "bad_iterations",
        call_span(attributes={semconv.ITERATIONS: "[{]"}),
    ),
    "a status beyond HTTP": (
        "absurd_count",
        call_span(attributes={semconv.HTTP_STATUS: 40_000}),
    ),
}


@pytest.mark.parametrize("name", ABSURD)
def test_a12_an_absurd_span_is_refused_beside_a_good_one(shared: Client, name: str) -> None:
    """The absurd span is counted as rejected with its reason; its neighbour lands."""
    reason, span = ABSURD[name]
    before = shared.health()
    answer = shared.send(call_span(), span)
    after = shared.health()

    assert answer["partialSuccess"]["rejectedSpans"] == "1"
    assert f"{reason}: 1" in answer["partialSuccess"]["errorMessage"]
    assert after["calls"] == before["calls"] + 1
    assert after["quarantined"] == before["quarantined"] + 1


def test_quarantine_keeps_the_evidence(tmp_path: Path) -> None:
    """What was refused can be looked at: reason, detail and the span, but never content."""
    span = call_span(
        "msg_1",
        attributes={semconv.OUTPUT_TOKENS: -5, "gen_ai.output.messages": "a secret", "n": 1.5},
    )
    with running_collector(settings_for(tmp_path)) as collector:
        client = Client(collector.url)
        client.send(span)
        assert client.health()["quarantined"] == 1
        client.close()
    with opened(tmp_path) as connection:
        [[reason, detail, kept]] = connection.execute(
            "select reason, detail, span from quarantine"
        ).fetchall()

    assert reason == "absurd_count"
    assert detail == "gen_ai.usage.output_tokens must be between 0 and 1000000000000, not -5"
    assert span["traceId"] in kept
    assert "msg_1" in kept
    assert "a secret" not in kept


@pytest.mark.parametrize("name", WIRES)
def test_a_large_resource_is_kept_a_hundred_times(tmp_path: Path, name: str) -> None:
    """Of further refused spans its service alone: a small request takes no memory without end."""
    request = spans(150, trace_id=b"abc")
    resource = request.resource_spans[0].resource
    resource.attributes.add(key="service.name").value.string_value = "checkout"
    resource.attributes.add(key="large").value.string_value = "v" * 4000
    with running_collector(settings_for(tmp_path)) as collector:
        with wired(name, collector) as wire:
            assert wire.export("traces", request).rejected == 150
        client = Client(collector.url)
        kept = [row["span"] for row in client.query("quarantine", limit=1000)]
        client.close()

    assert sum("v" * 4000 in span for span in kept) == 100
    assert sum('"service.name":"checkout"' in span for span in kept) == 150


def test_hostile_names_are_data(client: Client) -> None:
    """Attribute keys and values made to break out of something are stored as what they are."""
    tags = {
        semconv.TAG_PREFIX + name: "x' or 1=1 --"
        for name in ("__proto__", 'a"; drop table calls; --', "$.x[*]", "k" * 1_000_000)
    }
    client.send(call_span("msg_1", attributes={**tags, "nul": "a\x00b"}))
    client.send(call_span("msg_2", attributes={f"key{i}": i for i in range(10_000)}))
    plain: dict[str, object] = {semconv.INPUT_TOKENS: None, semconv.OUTPUT_TOKENS: None}
    many = {f"key{i}": i for i in range(10_000)}
    client.send(call_span(attributes=plain | many), scope="library")

    assert client.health().items() >= {"calls": 2, "spans": 1, "quarantined": 0}.items()
    assert client.total()["calls"] == 2
