"""OTLP requests in JSON → spans, log records and metric points; unknown fields are ignored.

Every function raises `MalformedBody`, some only while it is iterated, when the bytes are no such
message.
"""

from __future__ import annotations

from collections.abc import Iterator

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.json_values import (
    Object,
    attributes,
    double,
    enum,
    hex_bytes,
    integer,
    load_json,
    member,
    members,
    text,
    value_of,
)
from spanledger_collector.receive.temporality import NO_RECORDED_VALUE, temporality
from spanledger_collector.spans import Attributes, LogRecord, MetricPoint, Span

__all__ = ["points_from_json", "records_from_json", "spans_from_json"]

_KINDS = {
    "sum": "sum",
    "gauge": "gauge",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}
_PLAIN = ("sum", "gauge")
_PLACES = {
    "resourceSpans": "/v1/traces",
    "resourceMetrics": "/v1/metrics",
    "resourceLogs": "/v1/logs",
}


def spans_from_json(body: bytes) -> Iterator[Span]:
    """Yield the spans of an `ExportTraceServiceRequest`."""
    for scoped, scope, resource in _scoped(body, "resourceSpans", "scopeSpans"):
        for span in members(scoped, "spans"):
            yield _span(span, scope, resource)


def records_from_json(body: bytes) -> Iterator[LogRecord]:
    """Yield the records of an `ExportLogsServiceRequest`."""
    for scoped, scope, resource in _scoped(body, "resourceLogs", "scopeLogs"):
        for record in members(scoped, "logRecords"):
            yield _record(record, scope, resource)


def points_from_json(body: bytes) -> Iterator[MetricPoint]:
    """Yield the data points of an `ExportMetricsServiceRequest` that have a value."""
    for scoped, scope, resource in _scoped(body, "resourceMetrics", "scopeMetrics"):
        for metric in members(scoped, "metrics"):
            yield from _points(metric, scope, resource)


def _scoped(
    body: bytes, by_resource: str, by_scope: str
) -> Iterator[tuple[Object, str, Attributes]]:
    request = load_json(body)
    _check_place(request, by_resource)
    for resourced in members(request, by_resource):
        resource = attributes(member(resourced, "resource"))
        for scoped in members(resourced, by_scope):
            yield scoped, text(member(scoped, "scope"), "name"), resource


def _check_place(request: Object, by_resource: str) -> None:
    """Refuse another signal's request, which reads as an empty one, and would be lost."""
    for other, path in _PLACES.items():
        if other in request and by_resource not in request:
            raise MalformedBody(
                f"The body holds {other}, which go to {path}, and no {by_resource}."
            )


def _span(span: Object, scope: str, resource: Attributes) -> Span:
    status = member(span, "status")
    return Span(
        trace_id=hex_bytes(span, "traceId"),
        span_id=hex_bytes(span, "spanId"),
        parent_span_id=hex_bytes(span, "parentSpanId"),
        name=text(span, "name"),
        kind=enum(span, "kind"),
        start_ns=integer(span, "startTimeUnixNano"),
        end_ns=integer(span, "endTimeUnixNano"),
        status=enum(status, "code"),
        attributes=attributes(span),
        scope=scope,
        resource=resource,
        status_message=text(status, "message"),
    )


def _record(record: Object, scope: str, resource: Attributes) -> LogRecord:
    enum(record, "severityNumber")
    return LogRecord(
        trace_id=hex_bytes(record, "traceId"),
        span_id=hex_bytes(record, "spanId"),
        time_ns=integer(record, "timeUnixNano") or integer(record, "observedTimeUnixNano"),
        event_name=text(record, "eventName"),
        body=value_of(member(record, "body")),
        attributes=attributes(record),
        scope=scope,
        resource=resource,
    )


def _points(metric: Object, scope: str, resource: Attributes) -> Iterator[MetricPoint]:
    name, unit = text(metric, "name"), text(metric, "unit")
    for field, kind in _KINDS.items():
        data = member(metric, field)
        aggregated = temporality(enum(data, "aggregationTemporality"))
        for point in members(data, "dataPoints"):
            if enum(point, "flags") & NO_RECORDED_VALUE:
                continue
            yield MetricPoint(
                name=name,
                unit=unit,
                kind=kind,
                temporality=aggregated,
                start_ns=integer(point, "startTimeUnixNano"),
                time_ns=integer(point, "timeUnixNano"),
                value=_number(point, kind),
                observations=None if kind in _PLAIN else integer(point, "count"),
                attributes=attributes(point),
                scope=scope,
                resource=resource,
            )


def _number(point: Object, kind: str) -> float:
    if kind not in _PLAIN:
        return double(point, "sum")
    if point.get("asDouble") is not None:
        return double(point, "asDouble")
    return float(integer(point, "asInt"))
