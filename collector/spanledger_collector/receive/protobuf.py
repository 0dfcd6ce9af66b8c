"""OTLP requests in protobuf → spans, log records and metric points; what they mean it knows not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord as ProtobufRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span as ProtobufSpan

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.receive.temporality import NO_RECORDED_VALUE, temporality
from spanledger_collector.spans import Attributes, LogRecord, MetricPoint, Span, Value

__all__ = [
    "attributes_of",
    "parse_traces",
    "points_from_protobuf",
    "records_from_protobuf",
    "span_of",
    "spans_from_protobuf",
]

M = TypeVar("M", bound=Message)


def spans_from_protobuf(body: bytes) -> Iterator[Span]:
    """Yield the spans of an `ExportTraceServiceRequest`.

    Raises:
        MalformedBody: the bytes are no such message.
    """
    return _spans(parse_traces(body))


def parse_traces(body: bytes) -> ExportTraceServiceRequest:
    """Parse the body of a trace request.

    Raises:
        MalformedBody: the bytes are no such message.
    """
    return _parsed(ExportTraceServiceRequest, body)


def records_from_protobuf(body: bytes) -> Iterator[LogRecord]:
    """Yield the records of an `ExportLogsServiceRequest`.

    Raises:
        MalformedBody: the bytes are no such message.
    """
    return _records(_parsed(ExportLogsServiceRequest, body))


def points_from_protobuf(body: bytes) -> Iterator[MetricPoint]:
    """Yield the data points of an `ExportMetricsServiceRequest` that have a value.

    Raises:
        MalformedBody: the bytes are no such message.
    """
    return _points(_parsed(ExportMetricsServiceRequest, body))


def _parsed(kind: type[M], body: bytes) -> M:
    try:
        return kind.FromString(body)
    except DecodeError as error:
        name = kind.DESCRIPTOR.name
        raise MalformedBody(
            f"The body is not an OTLP {name} in protobuf. "
            "Send each of OTLP's paths what an OTLP exporter sends there."
        ) from error


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource_spans in request.resource_spans:
        resource = attributes_of(resource_spans.resource.attributes)
        for scope_spans in resource_spans.scope_spans:
            scope = scope_spans.scope.name
            for span in scope_spans.spans:
                yield span_of(span, scope, resource)


def span_of(span: ProtobufSpan, scope: str, resource: Attributes) -> Span:
    """One span as the dialects read it."""
    return Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id,
        name=span.name,
        kind=span.kind,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
        status=span.status.code,
        attributes=attributes_of(span.attributes),
        scope=scope,
        resource=resource,
        status_message=span.status.message,
    )


def _records(request: ExportLogsServiceRequest) -> Iterator[LogRecord]:
    for resource_logs in request.resource_logs:
        resource = attributes_of(resource_logs.resource.attributes)
        for scope_logs in resource_logs.scope_logs:
            for record in scope_logs.log_records:
                yield _record(record, scope_logs.scope.name, resource)


def _record(record: ProtobufRecord, scope: str, resource: Attributes) -> LogRecord:
    return LogRecord(
        trace_id=record.trace_id,
        span_id=record.span_id,
        time_ns=record.time_unix_nano or record.observed_time_unix_nano,
        event_name=record.event_name,
        body=_value(record.body),
        attributes=attributes_of(record.attributes),
        scope=scope,
        resource=resource,
    )


def _points(request: ExportMetricsServiceRequest) -> Iterator[MetricPoint]:
    for resource_metrics in request.resource_metrics:
        resource = attributes_of(resource_metrics.resource.attributes)
        for scope_metrics in resource_metrics.scope_metrics:
            for metric in scope_metrics.metrics:
                yield from _points_of(metric, scope_metrics.scope.name, resource)


def _points_of(metric: Metric, scope: str, resource: Attributes) -> Iterator[MetricPoint]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    aggregated = temporality(getattr(data, "aggregation_temporality", 0))
    for point in data.data_points:
        if point.flags & NO_RECORDED_VALUE:
            continue
        plain = kind in {"sum", "gauge"}
        yield MetricPoint(
            name=metric.name,
            unit=metric.unit,
            kind=kind,
            temporality=aggregated,
            start_ns=point.start_time_unix_nano,
            time_ns=point.time_unix_nano,
            value=_number(point) if plain else point.sum,
            observations=None if plain else point.count,
            attributes=attributes_of(point.attributes),
            scope=scope,
            resource=resource,
        )


def _number(point: Any) -> float:
    return float(point.as_int if point.WhichOneof("value") == "as_int" else point.as_double)


def attributes_of(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    """Attributes by name; of one named twice the last counts."""
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(any_value: AnyValue) -> Value:
    kind = any_value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_value(item) for item in any_value.array_value.values]
    if kind == "kvlist_value":
        return attributes_of(any_value.kvlist_value.values)
    value: Value = getattr(any_value, kind)
    return value
