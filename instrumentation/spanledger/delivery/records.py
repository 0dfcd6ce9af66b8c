"""Finished spans as serialised records: made once, joined, and cut in halves; no I/O."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan

from .otlp import UnknownFormError, request_of
from .record import Record


def encode(spans: Sequence[ReadableSpan]) -> Record:
    """Serialise spans."""
    try:
        body = request_of(spans)
    except UnknownFormError:  # a span that somebody made with our tracer, say
        body = encode_spans(spans).SerializeToString()
    return Record(_pack(body), len(spans))


def join(records: Sequence[Record]) -> Record:
    """Make one request of several: serialised protobuf messages add up when concatenated."""
    if len(records) == 1:
        return records[0]
    body = b"".join(gzip.decompress(record.body) for record in records)
    return Record(_pack(body), sum(record.spans for record in records))


def halves(record: Record) -> tuple[Record, Record]:
    """Cut a request of two or more spans in two."""
    whole = ExportTraceServiceRequest.FromString(gzip.decompress(record.body))
    middle = record.spans // 2
    return _part(whole, 0, middle), _part(whole, middle, record.spans)


def _part(whole: ExportTraceServiceRequest, start: int, stop: int) -> Record:
    part = ExportTraceServiceRequest()
    at = 0
    for group in whole.resource_spans:
        for scope in group.scope_spans:
            chosen = scope.spans[max(0, start - at) : max(0, stop - at)]
            at += len(scope.spans)
            if chosen:
                kept = part.resource_spans.add(resource=group.resource, schema_url=group.schema_url)
                kept.scope_spans.add(scope=scope.scope, spans=chosen, schema_url=scope.schema_url)
    return Record(_pack(part.SerializeToString()), stop - start)


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1)
