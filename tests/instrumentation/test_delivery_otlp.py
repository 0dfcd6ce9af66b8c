"""The bytes that are sent are those that OpenTelemetry's own exporter would have sent."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceState

from spanledger.delivery.otlp import UnknownFormError, request_of
from spanledger.delivery.records import encode

SCOPE = InstrumentationScope("spanledger", "1.0")
RESOURCE = Resource({"service.name": "café"}, "https://example.org/schema")
ids = st.integers(1, 2**64 - 1)
whole_numbers = st.integers(-(2**63), 2**63 - 1)
values = st.one_of(
    st.text(),
    st.booleans(),
    whole_numbers,
    st.floats(allow_nan=False),
    st.lists(st.text(), max_size=3),
    st.lists(whole_numbers, max_size=3).map(tuple),
)
contexts = st.builds(
    SpanContext, st.integers(1, 2**128 - 1), ids, is_remote=st.booleans(), trace_state=st.none()
)
spans = st.builds(
    ReadableSpan,
    st.text(max_size=200),
    contexts,
    st.none() | contexts,
    st.sampled_from([RESOURCE, Resource({"service.name": "other"})]),
    st.dictionaries(st.text(min_size=1), values, max_size=8),
    kind=st.sampled_from(SpanKind),
    status=st.sampled_from([Status(code) for code in StatusCode]),
    start_time=ids,
    end_time=ids,
    instrumentation_scope=st.sampled_from([SCOPE, InstrumentationScope("other")]),
)


def of(request: bytes) -> dict[tuple[str, str], list[bytes]]:
    """A request's spans by where they come from, in order."""
    return {
        (group.resource.SerializeToString().hex(), str((scope.scope, scope.schema_url))): [
            span.SerializeToString(deterministic=True) for span in scope.spans
        ]
        for group in ExportTraceServiceRequest.FromString(request).resource_spans
        for scope in group.scope_spans
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(spans, min_size=1, max_size=4))
def test_the_bytes_are_the_exporters(some: list[ReadableSpan]) -> None:
    """Whatever a span's attributes hold, the request reads as the exporter's does."""
    assert of(request_of(some)) == of(encode_spans(some).SerializeToString())


@pytest.mark.parametrize(
    "unusual",
    [
        {"attributes": {"nested": {"a": 1}}},
        {"attributes": {"raw": b"bytes"}},
        {"status": Status(StatusCode.ERROR, "why")},
        {"links": [Link(SpanContext(1, 2, is_remote=False))]},
        {"context": SpanContext(1, 2, is_remote=False, trace_state=TraceState([("a", "b")]))},
    ],
)
def test_spans_of_another_form_are_left_to_the_exporter(unusual: dict[str, Any]) -> None:
    """What calls do not have is sent all the same, by the exporter's own code."""
    usual = {"context": SpanContext(1, 2, is_remote=False), "resource": RESOURCE}
    span = ReadableSpan("span", **{**usual, **unusual}, start_time=1, end_time=2)

    with pytest.raises(UnknownFormError):
        request_of([span])
    sent = ExportTraceServiceRequest.FromString(gzip.decompress(encode([span]).body))
    assert sent == encode_spans([span])
