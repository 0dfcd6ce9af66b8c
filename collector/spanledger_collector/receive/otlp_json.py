"""OTLP requests in JSON → spans, log records and metric points; unknown fields are ignored.

Every function raises `MalformedBody` while it is iterated when the body is no such request at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

from spanledger_collector.receive.json_envelope import Scope, read_entry, scopes_of
from spanledger_collector.receive.json_values import (
    Mistake,
    Object,
    attributes,
    double,
    entries,
    enum,
    hex_bytes,
    integer,
    member,
    text,
    typed,
    value_of,
)
from spanledger_collector.receive.temporality import NO_RECORDED_VALUE, temporality
from spanledger_collector.spans import LogRecord, MetricPoint, Span, Unreadable

__all__ = ["points_from_json", "records_from_json", "spans_from_json"]

_KINDS = {
    "sum": "sum",
    "gauge": "gauge",
    "histogram": "histogram",
    "exponentialHistogram": "exponential_histogram",
    "summary": "summary",
}
_PLAIN = ("sum", "gauge")


class _Metric(NamedTuple):
    """What the data points of a metric have in common."""

    name: str
    unit: str
    kind: str
    temporality: str | None
    scope: Scope


def spans_from_json(body: bytes, left_out: list[str]) -> Iterator[Span | Unreadable]:
    """Yield the spans of an `ExportTraceServiceRequest`.

    Args:
        body: the request.
        left_out: takes what is wrong with each resource that cannot be read whole.
    """
    for scope in scopes_of(body, "resourceSpans", "scopeSpans", "spans", left_out):
        read = partial(_span, scope)
        for entry in scope.entries:
            yield read_entry(read, entry, scope.wrong)


def records_from_json(body: bytes, left_out: list[str]) -> Iterator[LogRecord | Unreadable]:
    """Yield the records of an `ExportLogsServiceRequest`; arguments as of spans."""
    for scope in scopes_of(body, "resourceLogs", "scopeLogs", "logRecords", left_out):
        read = partial(_record, scope)
        for entry in scope.entries:
            yield read_entry(read, entry, scope.wrong)


def points_from_json(body: bytes, left_out: list[str]) -> Iterator[MetricPoint | Unreadable]:
    """Yield the data points of an `ExportMetricsServiceRequest` that have a value.

    Arguments are as of spans.
    """
    for scope in scopes_of(body, "resourceMetrics", "scopeMetrics", "metrics", left_out):
        for metric in scope.entries:
            yield from _points(scope, metric)


def _span(scope: Scope, span: Object) -> Span:
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
        scope=scope.name,
        resource=scope.resource,
        status_message=text(status, "message"),
    )


def _record(scope: Scope, record: Object) -> LogRecord:
    enum(record, "severityNumber")
    return LogRecord(
        trace_id=hex_bytes(record, "traceId"),
        span_id=hex_bytes(record, "spanId"),
        time_ns=integer(record, "timeUnixNano") or integer(record, "observedTimeUnixNano"),
        event_name=text(record, "eventName"),
        body=value_of(member(record, "body")),
        attributes=attributes(record),
        scope=scope.name,
        resource=scope.resource,
    )


def _points(scope: Scope, metric: object) -> Iterator[MetricPoint | Unreadable]:
    name = unit = ""
    wrong, sent = scope.wrong, metric if isinstance(metric, dict) else {}
    try:
        name = text(typed(metric, dict, "each of metrics"), "name")
        unit = text(sent, "unit")
    except Mistake as mistake:
        wrong = wrong or str(mistake)
    if sent is not metric:
        yield read_entry(partial(_point, _Metric("", "", "", None, scope)), None, wrong)
    for field, kind in _KINDS.items():
        if sent.get(field) is None:
            continue
        listed, aggregated, reason = _data(sent, field)
        read = partial(_point, _Metric(name, unit, kind, temporality(aggregated), scope))
        for point in listed:
            if not _says_none(point):
                yield read_entry(read, point, wrong or reason)


def _data(metric: Object, field: str) -> tuple[Sequence[object], int, str | None]:
    """Read what holds a metric's points: these, how they add up, and why none can be read."""
    try:
        listed = entries(member(metric, field), "dataPoints")
    except Mistake as mistake:
        return [None], 0, str(mistake)
    try:
        return listed, enum(metric[field], "aggregationTemporality"), None
    except Mistake as mistake:
        return listed, 0, str(mistake)


def _says_none(point: object) -> bool:
    flags = point.get("flags") if isinstance(point, dict) else None
    return type(flags) is int and bool(flags & NO_RECORDED_VALUE)


def _point(metric: _Metric, point: Object) -> MetricPoint:
    enum(point, "flags")
    return MetricPoint(
        name=metric.name,
        unit=metric.unit,
        kind=metric.kind,
        temporality=metric.temporality,
        start_ns=integer(point, "startTimeUnixNano"),
        time_ns=integer(point, "timeUnixNano"),
        value=_number(point, metric.kind),
        observations=None if metric.kind in _PLAIN else integer(point, "count"),
        attributes=attributes(point),
        scope=metric.scope.name,
        resource=metric.scope.resource,
    )


def _number(point: Object, kind: str) -> float:
    if kind not in _PLAIN:
        return double(point, "sum")
    if point.get("asDouble") is not None:
        return double(point, "asDouble")
    return float(integer(point, "asInt"))
