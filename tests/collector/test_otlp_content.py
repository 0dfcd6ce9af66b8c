"""OTLP's checklist, points 8 to 17: what a request may hold, and what makes it malformed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from spanledger_collector.server import RunningCollector
from tests.collector.support import Client, call_span, request_of
from tests.collector.wires import SIGNALS, START_NS, Wire, as_json, spans, wired

BINARY = ("http/protobuf", "grpc")


@pytest.fixture(params=BINARY)
def binary(request: pytest.FixtureRequest, collector: RunningCollector) -> Iterator[Wire]:
    """Each way in that speaks protobuf."""
    with wired(request.param, collector) as wire:
        yield wire


@pytest.fixture
def json_wire(collector: RunningCollector) -> Iterator[Wire]:
    """The way in that speaks JSON."""
    with wired("http/json", collector) as wire:
        yield wire


def rejected(json_wire: Wire, **fields: Any) -> int:
    """Send two spans, one of them with these fields, and return how many were rejected."""
    document = as_json(spans(2))
    document["resourceSpans"][0]["scopeSpans"][0]["spans"][0].update(fields)
    reply = json_wire.send("traces", orjson.dumps(document))
    assert reply.http == 200
    return reply.rejected


def test_otlp_08_ids_in_hex_of_either_case(json_wire: Wire, client: Client) -> None:
    """Ids in JSON are hex in upper or lower case, also in links and in log records."""
    span = call_span("msg_1", links=[{"traceId": "AB" * 16, "spanId": "Cd" * 8}])
    span["traceId"] = span["traceId"].upper()
    client.send(span)
    record = {"timeUnixNano": str(START_NS), "traceId": "AB" * 16, "spanId": "Cd" * 8}
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}
    reply = json_wire.send("logs", orjson.dumps(logs))

    assert client.query("latest_calls")[0]["trace_id"] == span["traceId"].lower()
    assert (reply.http, reply.rejected) == (200, 0)


@pytest.mark.parametrize(
    "fields", [{"kind": "SPAN_KIND_CLIENT"}, {"status": {"code": "STATUS_CODE_OK"}}]
)
def test_otlp_09_enum_names_are_refused(json_wire: Wire, fields: dict[str, Any]) -> None:
    """Enums in JSON are integers; a span that names one is refused, alone."""
    assert rejected(json_wire, **fields) == 1


def test_otlp_10_unknown_json_is_ignored(client: Client) -> None:
    """Unknown fields are ignored at every level, and snake_case is unknown."""
    span = call_span("msg_1", futureField={"a": [1]}, start_time_unix_nano="17", trace_id="zz")
    span["attributes"][0]["x"] = 1
    span["attributes"][0]["value"]["y"] = {}
    request = request_of([span]) | {"resource_spans": 5}
    request["resourceSpans"][0] |= {"schemaUrl": "https://x", "z": None}
    answer = client.post(orjson.dumps(request))

    assert (answer.status_code, answer.json()) == (200, {})
    assert client.total()["calls"] == 1


@pytest.mark.parametrize(
    ("field", "path"),
    [("resourceSpans", "traces"), ("resourceMetrics", "metrics"), ("resourceLogs", "logs")],
)
def test_another_signals_json_is_not_taken_for_an_empty_request(
    collector: RunningCollector, field: str, path: str
) -> None:
    """What would be lost, since unknown fields are ignored, is 400 and says where it goes."""
    for signal in {*SIGNALS} - {path}:
        answer = httpx2.post(f"{collector.url}/v1/{signal}", json={field: []})
        assert answer.status_code == 400
        assert f"{field}, which go to /v1/{path}" in answer.json()["message"]
    answer = httpx2.post(f"{collector.url}/v1/{path}", json={field: []})

    assert answer.status_code == 200


@pytest.mark.parametrize("value", [9007199254740991, "9007199254740991", "-5", -5])
def test_otlp_11_int64_as_number_and_text(json_wire: Wire, value: object) -> None:
    """64-bit integers in JSON come as numbers (JavaScript) and as text (Python)."""
    attributes = [{"key": "n", "value": {"intValue": value}}]

    assert rejected(json_wire, attributes=attributes) == 0
    assert rejected(json_wire, startTimeUnixNano=START_NS) == 0
    assert rejected(json_wire, attributes=[{"key": "n", "value": {"intValue": 1.5}}]) == 1


def test_otlp_12_any_value_anywhere(wire: Wire) -> None:
    """Empty values, bytes, mixed and nested lists and maps are legal in any attribute."""
    request = spans()
    holder = request.resource_spans[0]
    for attributes in (
        holder.resource.attributes,
        holder.scope_spans[0].scope.attributes,
        holder.scope_spans[0].spans[0].attributes,
    ):
        for number, value in enumerate(every_kind()):
            attributes.add(key=f"a{number}").value.CopyFrom(value)

    assert (wire.export("traces", request).http, wire.export("traces", request).rejected) == (
        200,
        0,
    )


def every_kind() -> Iterator[AnyValue]:
    nested = AnyValue()
    nested.array_value.values.add().bytes_value = b"\x00\xff"
    nested.array_value.values.add()
    inner = nested.array_value.values.add().kvlist_value.values.add(key="k")
    inner.value.array_value.values.add().double_value = 0.5
    yield from (nested, AnyValue(), AnyValue(bytes_value=b"\x00"), AnyValue(bool_value=False))
    yield from (AnyValue(string_value=""), AnyValue(int_value=-(2**63)))


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_12_unknown_protobuf_fields(binary: Wire, signal: str) -> None:
    """Fields of a later version of the protocol are ignored."""
    assert binary.send(signal, b"\xfa\x3f\x03abc").http == 200


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_13_empty_requests_succeed(wire: Wire, signal: str) -> None:
    """No bytes at all, and empty envelopes, are a success that says nothing."""
    holder = {"traces": "Spans", "metrics": "Metrics", "logs": "Logs"}[signal]
    empty = b"{}" if wire.name == "http/json" else b""
    scopes: list[dict[str, object]] = [{}, {f"scope{holder}": [{}]}]
    envelopes = {f"resource{holder}": scopes}
    enveloped = orjson.dumps(envelopes) if wire.name == "http/json" else b"\x0a\x00\x0a\x02\x12\x00"

    for body in (b"", empty, enveloped):
        reply = wire.send(signal, body)
        assert (reply.http, reply.rejected) == (200, 0)


def test_otlp_14_every_shape_of_metrics(wire: Wire) -> None:
    """Sums, gauges, histograms, exponential histograms and summaries, delta and cumulative."""
    request = ExportMetricsServiceRequest()
    both = (
        AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA,
        AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE,
    )
    for _ in range(2):  # the same resource twice
        metrics = request.resource_metrics.add().scope_metrics.add().metrics
        for temporality in both:
            total = metrics.add(name="a").sum
            total.aggregation_temporality = temporality
            total.data_points.add(as_double=0.5, time_unix_nano=START_NS)
            for histogram in (
                metrics.add(name="b").histogram,
                metrics.add(name="c").exponential_histogram,
            ):
                histogram.aggregation_temporality = temporality
                histogram.data_points.add(count=1, sum=0.5, time_unix_nano=START_NS)
        metrics.add(name="d").gauge.data_points.add(as_int=-1, time_unix_nano=START_NS)
        quantiles = metrics.add(name="e").summary.data_points.add(count=1).quantile_values
        quantiles.add(quantile=0.5, value=1.0)
    reply = wire.export("metrics", request)

    assert (reply.http, reply.rejected) == (200, 0)


def test_otlp_14_logs_without_what_is_optional(wire: Wire) -> None:
    """A log record needs neither severity nor event name nor ids nor a body."""
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.add()
    records.add(event_name="some.event", severity_number=0, observed_time_unix_nano=START_NS)
    records.add(time_unix_nano=START_NS).body.kvlist_value.values.add(key="k")
    reply = wire.export("logs", request)

    assert (reply.http, reply.rejected) == (200, 0)


def test_otlp_15_bad_ids_are_rejected_by_count(wire: Wire) -> None:
    """Ids of a wrong length or all zero are refused one by one; their neighbours land."""
    request = spans(1)
    for fields in ({"trace_id": b"abc"}, {"trace_id": bytes(16)}, {"span_id": b"x" * 9}):
        request.MergeFrom(spans(1, first=9, **fields))
    reply = wire.export("traces", request)

    assert (reply.http, reply.rejected) == (200, 3)
    assert "bad_trace_id: 2" in reply.message


def test_otlp_16_text_that_is_none(binary: Wire) -> None:
    """Bytes in a protobuf string that are not UTF-8 make the request malformed."""
    body = spans(name="GET /abc").SerializeToString().replace(b"/abc", b"/\xff\xfe\xfd")

    assert binary.send("traces", body).code == 3


def test_otlp_16_nul_is_text(wire: Wire) -> None:
    """A NUL is a character like any other, and the database keeps it."""
    assert wire.export("traces", spans(name="GET \0 /", first=77)).http == 200


@pytest.mark.parametrize(
    "value",
    [b'{"stringValue": "\\ud80"}', b'{"doubleValue": 1e400}', b'{"doubleValue": NaN}'],
)
def test_otlp_16_json_that_no_database_keeps(json_wire: Wire, value: bytes) -> None:
    """Half an escape, NaN and numbers beyond a double are malformed JSON here."""
    span = orjson.dumps(call_span("msg_x"))
    span = span.replace(b'"attributes":[', b'"attributes":[{"key":"a","value":' + value + b"},", 1)
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + span + b"]}]}]}"

    assert json_wire.send("traces", body).code == 3


def test_otlp_16_integers_beyond_64_bits(json_wire: Wire) -> None:
    """An integer of more than 64 bits is refused with its span, not rounded."""
    assert rejected(json_wire, startTimeUnixNano=str(2**65)) == 1


def test_otlp_17_protobuf_nesting_ends(binary: Wire) -> None:
    """A value nested deeper than decoders go is malformed, and the collector lives on."""
    refused_for_depth(binary, nested(60))


def test_a7_a_protobuf_value_of_any_depth(binary: Wire) -> None:
    """A hundred thousand levels are refused as sixty are."""
    refused_for_depth(binary, nested(100_000))


def refused_for_depth(wire: Wire, body: bytes) -> None:
    assert wire.send("traces", body).code == 3
    assert wire.export("traces", spans()).http == 200


def nested(levels: int) -> bytes:
    """A request whose one attribute is a list within a list within a list."""
    heads: list[bytes] = []
    size = 0
    for _ in range(levels):
        for number in (1, 5):
            heads.append(head(number, size))
            size += len(heads[-1])
    value = b"".join(reversed(heads))
    attribute = field(1, b"deep") + field(2, value)
    span = field(1, b"t" * 16) + field(2, b"s" * 8) + field(9, attribute)
    return field(1, field(2, field(2, span)))


def field(number: int, content: bytes) -> bytes:
    return head(number, len(content)) + content


def head(number: int, size: int) -> bytes:
    prefix = bytearray([number << 3 | 2])
    while size > 0x7F:
        prefix.append(0x80 | (size & 0x7F))
        size >>= 7
    return bytes([*prefix, size])


def test_otlp_17_json_nesting_ends(json_wire: Wire) -> None:
    """A span with a value beyond the same levels is refused, and the collector lives on."""
    reply = json_wire.send("traces", deep_json(60))

    assert (reply.http, reply.rejected) == (200, 1)
    assert json_wire.export("traces", spans()).http == 200


def test_a7_json_of_any_depth(json_wire: Wire) -> None:
    """A hundred thousand levels are no JSON that is read: 400, and the collector lives on."""
    assert json_wire.send("traces", deep_json(100_000)).code == 3
    assert json_wire.send("traces", b"[" * 100_000).code == 3
    assert json_wire.export("traces", spans()).http == 200


def deep_json(levels: int) -> bytes:
    value = b'{"arrayValue":{"values":[' * levels + b"]}}" * levels
    attribute = b'{"key":"deep","value":' + value + b"}"
    span = orjson.dumps(call_span("msg_deep")).replace(
        b'"attributes":[', b'"attributes":[' + attribute + b",", 1
    )
    return b'{"resourceSpans":[{"scopeSpans":[{"spans":[' + span + b"]}]}]}"
