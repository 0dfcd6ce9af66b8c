"""Logs and metrics of OTLP: protobuf and JSON say the same, to the letter of the protocol."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import orjson
import pytest
from google.protobuf.json_format import ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from spanledger.pricing import price_book
from spanledger_collector.receive.answers import JSON, PROTOBUF
from spanledger_collector.receive.decoding import decode
from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.otlp_json import points_from_json, records_from_json
from spanledger_collector.receive.protobuf import points_from_protobuf, records_from_protobuf
from spanledger_collector.spans import LogRecord, MetricPoint

Document = dict[str, Any]
ATTRIBUTES = [
    {"key": "text", "value": {"stringValue": "t\x00"}},
    {"key": "number", "value": {"intValue": "9007199254740993"}},
    {"key": "double", "value": {"doubleValue": 0.5}},
    {"key": "truth", "value": {"boolValue": True}},
    {"key": "bytes", "value": {"bytesValue": "AQI="}},
    {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "1"}, {}]}}},
    {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {}}]}}},
    {"key": "nothing", "value": {}},
]
RECORD: Document = {
    "timeUnixNano": "1795165968149000000",
    "observedTimeUnixNano": "1795165968149000001",
    "severityNumber": 9,
    "severityText": "INFO",
    "eventName": "an.event",
    "body": {"stringValue": "body"},
    "attributes": ATTRIBUTES,
    "flags": 1,
}
POINT: Document = {
    "attributes": ATTRIBUTES,
    "startTimeUnixNano": "1795165968149000000",
    "timeUnixNano": "1795165968149000005",
}


def logs(*records: Document) -> Document:
    """A request of log records."""
    scoped = {"scope": {"name": "s"}, "logRecords": list(records)}
    return {"resourceLogs": [{"resource": {"attributes": ATTRIBUTES}, "scopeLogs": [scoped]}]}


def metrics(*listed: Document) -> Document:
    """A request of metrics."""
    scoped = {"scope": {"name": "s"}, "metrics": list(listed)}
    return {"resourceMetrics": [{"resource": {"attributes": ATTRIBUTES}, "scopeMetrics": [scoped]}]}


def records_in(request: Document) -> list[LogRecord]:
    """The log records of a request in JSON, all of which can be read."""
    left_out: list[str] = []
    found = list(records_from_json(orjson.dumps(request), left_out))
    assert not left_out
    return [record for record in found if isinstance(record, LogRecord)]


def points_in(request: Document) -> list[MetricPoint]:
    """The data points of a request in JSON, all of which can be read."""
    left_out: list[str] = []
    found = list(points_from_json(orjson.dumps(request), left_out))
    assert not left_out
    return [point for point in found if isinstance(point, MetricPoint)]


def sums(*points: Document, temporality: object = 1) -> Document:
    """A sum."""
    data = {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": list(points)}
    return {"name": "claude_code.token.usage", "unit": "tokens", "sum": data}


ALL_KINDS = metrics(
    sums(POINT | {"asInt": "7"}, POINT | {"asDouble": 0.25}),
    sums(POINT | {"asDouble": 1.0}, temporality=2),
    {"name": "g", "gauge": {"dataPoints": [POINT | {"asDouble": -1.5}, POINT]}},
    {
        "name": "h",
        "histogram": {
            "aggregationTemporality": 1,
            "dataPoints": [
                POINT
                | {"count": "3", "sum": 6.5, "bucketCounts": ["1", "2"], "explicitBounds": [1.0]},
                POINT,
            ],
        },
    },
    {
        "name": "e",
        "exponentialHistogram": {
            "aggregationTemporality": 2,
            "dataPoints": [POINT | {"count": "2", "sum": 1.0, "scale": 1}],
        },
    },
    {"name": "y", "summary": {"dataPoints": [POINT | {"count": "2", "sum": 4.0}]}},
    {"name": "without data"},
)


def test_metrics_mean_the_same_in_both_encodings() -> None:
    """Sum, gauge, both histograms and summary, delta and cumulative."""
    protobuf = ParseDict(ALL_KINDS, ExportMetricsServiceRequest()).SerializeToString()
    points = points_in(ALL_KINDS)

    assert points == list(points_from_protobuf(protobuf))
    assert [
        (point.kind, point.temporality, point.value, point.observations) for point in points
    ] == [
        ("sum", "delta", 7.0, None),
        ("sum", "delta", 0.25, None),
        ("sum", "cumulative", 1.0, None),
        ("gauge", None, -1.5, None),
        ("gauge", None, 0.0, None),
        ("histogram", "delta", 6.5, 3),
        ("histogram", "delta", 0.0, 0),
        ("exponential_histogram", "cumulative", 1.0, 2),
        ("summary", None, 4.0, 2),
    ]


def test_logs_mean_the_same_in_both_encodings() -> None:
    """Bodies of any kind, the event's name or none, and the time seen where no other is told."""
    document = logs(RECORD, {"observedTimeUnixNano": "5", "body": {}}, {})
    protobuf = ParseDict(document, ExportLogsServiceRequest()).SerializeToString()
    records = records_in(document)

    assert records == list(records_from_protobuf(protobuf))
    assert [record.time_ns for record in records] == [1795165968149000000, 5, 0]
    assert [record.event_name for record in records] == ["an.event", "", ""]
    assert records[0].attributes["number"] == 9007199254740993
    assert records[0].attributes["bytes"] == b"\x01\x02"
    assert records[0].attributes["list"] == [1, None]


def test_a_point_without_a_recorded_value_is_none() -> None:
    """The flag says that a series ended: there is nothing to keep."""
    document = metrics(sums(POINT | {"asInt": 7, "flags": 1}))
    protobuf = ParseDict(document, ExportMetricsServiceRequest()).SerializeToString()

    assert points_in(document) == []
    assert list(points_from_protobuf(protobuf)) == []


def test_ids_of_log_records_are_hex_in_any_case() -> None:
    """As in spans."""
    record = RECORD | {"traceId": "AB" * 16, "spanId": "cD" * 8}
    [read] = records_in(logs(record))

    assert (read.trace_id, read.span_id) == (b"\xab" * 16, b"\xcd" * 8)


def test_integers_are_numbers_or_text() -> None:
    """JavaScript sends numbers, Python text; both up to 64 bits; doubles may be named."""
    document = metrics(
        sums(
            POINT | {"asInt": 9007199254740991, "timeUnixNano": 1795165968149000005},
            POINT | {"asInt": "-5"},
            POINT | {"asDouble": "Infinity"},
        )
    )
    values = [point.value for point in points_in(document)]

    assert values == [9007199254740991.0, -5.0, float("inf")]


@pytest.mark.parametrize(
    ("signal", "document"),
    [("metrics", {"resourceMetrics": {}}), ("logs", {"resourceLogs": 7}), ("logs", [])],
)
def test_json_that_is_not_otlp(signal: str, document: object) -> None:
    """No object, or no list of resources in it: the request is refused as a whole."""
    with pytest.raises(MalformedBody):
        decode(signal, orjson.dumps(document), JSON, price_book())


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_bytes_that_are_no_request(signal: str) -> None:
    """Neither encoding reads them, and text that is no UTF-8 is refused, too."""
    for body in (b"\xff\xff\xff", b"{"):
        with pytest.raises(MalformedBody):
            decode(signal, body, JSON, price_book())
    with pytest.raises(MalformedBody):
        decode(signal, b"\xff\xff\xff", PROTOBUF, price_book())
    with pytest.raises(MalformedBody):
        decode(signal, b"\x0a\x08\x0a\x06\x0a\x04\x0a\x02\xff\xfe", PROTOBUF, price_book())


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"resourceLogs":[],"resourceSpans":[],"resourceMetrics":[]}',
     b'{"resource_logs":[7],"resource_spans":[7],"resource_metrics":[7],"new":{}}',
     b'{"resourceLogs":[{}],"resourceSpans":[{"scopeSpans":[{}]}],"resourceMetrics":[{}]}'],
)  # fmt: skip
def test_empty_and_unknown(signal: str, body: bytes) -> None:
    """Empty requests and envelopes, unknown fields and snake case: a success without a word."""
    assert decode(signal, body, JSON, price_book()) == (None, 0, "")


@pytest.mark.parametrize("signal", ["traces", "metrics", "logs"])
def test_an_empty_protobuf_request(signal: str) -> None:
    """No bytes are an empty request, and so is one with unknown fields alone."""
    assert decode(signal, b"", PROTOBUF, price_book()) == (None, 0, "")
    assert decode(signal, b"\xf8\x3f\x01", PROTOBUF, price_book()) == (None, 0, "")


def test_what_is_not_kept_is_named() -> None:
    """Nothing is rejected, and a warning says what was dropped, the commonest first."""
    many = [sums(POINT | {"asInt": 1}) | {"name": f"m{number}"} for number in range(50)]
    others = decode("metrics", orjson.dumps(metrics(*many, *many[:1])), JSON, price_book())
    records = decode("logs", orjson.dumps(logs(RECORD, {})), JSON, price_book())

    assert (others.batch, others.rejected) == (None, 0)
    assert others.message.startswith(
        "data points that report no Claude usage were not kept: m0: 2, m1: 1"
    )
    assert others.message.endswith("others: 42")
    assert records == (
        None, 0, "log records that report no Claude usage were not kept: an.event: 1, s: 1",
    )  # fmt: skip


def test_what_is_refused_is_counted() -> None:
    """Points that cannot be are rejected by number; the good ones of the request are kept."""
    now = str(time.time_ns())
    point = {"timeUnixNano": now, "attributes": []}
    document = metrics(
        sums(point | {"asInt": 5}, point | {"asInt": -5}, POINT | {"timeUnixNano": 1})
    )
    decoded = decode("metrics", orjson.dumps(document), JSON, price_book())

    assert decoded.rejected == 2
    assert decoded.message == (
        "data points refused and kept in quarantine: "
        "absurd_count: 1 (claude_code.token.usage must be between 0 and 1000000000000, not -5), "
        "bad_time: 1 (1 ns since 1970 is before 2020 or more than a day ahead)"
    )
    assert decoded.batch is not None
    assert decoded.batch.points.num_rows == 1
    assert decoded.batch.quarantine.num_rows == 2


WHOLE = {
    "logs": ParseDict(logs(RECORD, RECORD), ExportLogsServiceRequest()).SerializeToString(),
    "metrics": ParseDict(ALL_KINDS, ExportMetricsServiceRequest()).SerializeToString(),
}
JSON_NAMES = st.sampled_from(
    ["resourceLogs", "resourceMetrics", "scopeLogs", "scopeMetrics", "logRecords", "metrics", "sum",
     "dataPoints", "attributes", "key", "value", "stringValue", "arrayValue", "values", "asInt",
     "timeUnixNano", "flags", "count", "aggregationTemporality", "traceId", "body", "histogram"]
)  # fmt: skip
JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(JSON_NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 10_000), st.binary(max_size=4))
def test_protobuf_with_some_bytes_replaced(signal: str, at: int, noise: bytes) -> None:
    """It is read, or refused as malformed; nothing else ever comes of it."""
    whole = WHOLE[signal]
    at %= len(whole)
    with suppress(MalformedBody):
        decode(signal, whole[:at] + noise + whole[at + len(noise) :], PROTOBUF, price_book())


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(WHOLE)), st.dictionaries(JSON_NAMES, st.lists(JSON_VALUES, max_size=3))
)
def test_any_json(signal: str, document: Document) -> None:
    """It is read, or refused as malformed; nothing else ever comes of it."""
    with suppress(MalformedBody):
        decode(signal, orjson.dumps(document), JSON, price_book())
