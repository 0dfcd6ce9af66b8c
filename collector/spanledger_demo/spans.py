"""From calls of the history, and the work around them, to OTLP requests; pure.

A call's span keeps the span contract; other spans are as a service's own tracing would make them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans, Span, Status

from spanledger import semconv
from spanledger_demo.allowance import LIMITS, Left
from spanledger_demo.company import SERVICE_VERSIONS
from spanledger_demo.history import DemoCall
from spanledger_demo.simulator.counts import Counts
from spanledger_demo.simulator.headers import ORGANIZATION_ID
from spanledger_demo.work import Step, parent_of

_ROUTES: Final = {
    semconv.CHAT: "/v1/messages",
    "count_tokens": "/v1/messages/count_tokens",
    "batches.create": "/v1/messages/batches",
}
_WORKSPACES: Final = {"production": "wrkspc_01productionproduction", "staging": "wrkspc_01staging"}


def export_request(done: Iterable[DemoCall | Step]) -> ExportTraceServiceRequest:
    """Make one export request, grouped by the service and its library that made the spans."""
    spans: dict[tuple[str, str, str], list[Span]] = {}
    for one in done:
        service = one.arrival.feature.service
        scope = service if isinstance(one, Step) else semconv.SCOPE
        made = _step(one) if isinstance(one, Step) else _span(one)
        spans.setdefault((service, one.arrival.environment, scope), []).append(made)
    request = ExportTraceServiceRequest()
    for (service, environment, scope), told in spans.items():
        resource_spans = request.resource_spans.add(resource=_resource(service, environment))
        scope_spans: ScopeSpans = resource_spans.scope_spans.add()
        scope_spans.scope.name = scope
        scope_spans.spans.extend(told)
    return request


def _resource(service: str, environment: str) -> Resource:
    return Resource(
        attributes=[
            _text(semconv.SERVICE_NAME, service),
            _text(semconv.SERVICE_VERSION, SERVICE_VERSIONS[service]),
            _text(semconv.ENVIRONMENT, environment),
            _text("host.name", f"{service}-{environment}-1"),
        ]
    )


def _span(call: DemoCall) -> Span:
    arrival = call.arrival
    attributes = [
        *_request(call),
        *_tags(call),
        *(_counts(call, call.counts) if call.counts is not None else ()),
        *_limits(call),
        *_outcome(call),
    ]
    span = Span(
        trace_id=arrival.trace_id.to_bytes(16, "big"),
        span_id=call.span_id.to_bytes(8, "big"),
        name=f"{arrival.operation} {arrival.feature.model}",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=arrival.at_ns,
        end_time_unix_nano=arrival.at_ns + call.duration_ns,
        attributes=attributes,
    )
    if (parent := parent_of(call)) is not None:
        span.parent_span_id = parent.to_bytes(8, "big")
    if call.failure is not None:
        span.status.code = Status.STATUS_CODE_ERROR
    return span


def _step(step: Step) -> Span:
    span = Span(
        trace_id=step.arrival.trace_id.to_bytes(16, "big"),
        span_id=step.span_id.to_bytes(8, "big"),
        name=step.name,
        kind=Span.SPAN_KIND_SERVER if step.kind == "server" else Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=step.start_ns,
        end_time_unix_nano=step.end_ns,
    )
    if step.parent_span_id is not None:
        span.parent_span_id = step.parent_span_id.to_bytes(8, "big")
    if step.operation is not None:
        operation, name = step.operation
        kind = "agent" if operation == "invoke_agent" else "tool"
        told = [_text(semconv.OPERATION_NAME, operation), _text(f"gen_ai.{kind}.name", name)]
        span.attributes.extend(told)
    if step.failed:
        span.status.code = Status.STATUS_CODE_ERROR
    return span


def _request(call: DemoCall) -> Iterable[KeyValue]:
    arrival = call.arrival
    feature = arrival.feature
    yield _text(semconv.OPERATION_NAME, arrival.operation)
    yield _text(semconv.PROVIDER_NAME, "anthropic")
    yield _text(semconv.REQUEST_MODEL, feature.model)
    yield _text(semconv.HTTP_METHOD, "POST")
    yield _text(semconv.HTTP_ROUTE, _ROUTES[arrival.operation])
    yield _text(semconv.SERVER_ADDRESS, "api.anthropic.com")
    yield _text(semconv.ORGANIZATION_ID, ORGANIZATION_ID)
    yield _text(semconv.WORKSPACE_ID, _WORKSPACES[arrival.environment])
    yield KeyValue(key=semconv.REQUEST_ID, value=AnyValue(string_value=call.request_id))
    if arrival.operation == semconv.CHAT:
        yield _number(semconv.REQUEST_MAX_TOKENS, feature.max_tokens)
        if feature.streamed:
            yield _STREAMED
    if arrival.batch_id is not None:
        yield _text(semconv.BATCH_ID, arrival.batch_id)
    if arrival.operation == "batches.create":
        yield _number(semconv.BATCH_REQUEST_COUNT, arrival.batch_size)
    if arrival.operation == "count_tokens":
        yield _number(semconv.COUNTED_TOKENS, feature.prefix + feature.fresh)


def _tags(call: DemoCall) -> Iterable[KeyValue]:
    arrival = call.arrival
    yield _text(f"{semconv.TAG_PREFIX}team", arrival.feature.team)
    yield _text(f"{semconv.TAG_PREFIX}feature", arrival.feature.name)
    if arrival.user is not None:
        yield _text(f"{semconv.TAG_PREFIX}user", arrival.user)
    if arrival.session is not None:
        yield _text(f"{semconv.TAG_PREFIX}session", arrival.session)
        yield _text(semconv.CONVERSATION_ID, arrival.session)


def _counts(call: DemoCall, counts: Counts) -> Iterable[KeyValue]:
    """What the client was told: of a stream left early, the counts of its first event."""
    whole = call.outcome == "completed"
    yield _text(semconv.RESPONSE_MODEL, call.served_model)
    yield _number(semconv.INPUT_TOKENS, counts.prompt_tokens)
    yield _number(semconv.OUTPUT_TOKENS, counts.output_tokens if whole else 1)
    yield _number(semconv.CACHE_READ_TOKENS, counts.cache_read)
    yield _number(semconv.CACHE_WRITE_TOKENS, counts.cache_write_5m + counts.cache_write_1h)
    if counts.cache_write_5m or counts.cache_write_1h:
        yield _number(semconv.CACHE_WRITE_5M_TOKENS, counts.cache_write_5m)
        yield _number(semconv.CACHE_WRITE_1H_TOKENS, counts.cache_write_1h)
    if whole and counts.thinking_tokens:
        yield _number(semconv.REASONING_TOKENS, counts.thinking_tokens)
    if whole and counts.web_searches:
        yield _number(semconv.WEB_SEARCH_REQUESTS, counts.web_searches)
    yield _text(semconv.SERVICE_TIER, counts.service_tier)
    if counts.inference_geo is not None:
        yield _text(semconv.INFERENCE_GEO, counts.inference_geo)
    yield _WHOLE if whole else _LOWER_BOUND


def _limits(call: DemoCall) -> Iterable[KeyValue]:
    """What the answer's headers told, and why the cache did not serve."""
    if call.left is not None:
        for kind, most, left in zip(Left._fields, LIMITS, call.left, strict=True):
            yield _number(f"{semconv.RATELIMIT_PREFIX}{kind}.limit", most)
            yield _number(f"{semconv.RATELIMIT_PREFIX}{kind}.remaining", left)
    if call.missed_tokens:
        yield _text(semconv.CACHE_MISS_REASON, "messages_changed")
        yield _number(semconv.CACHE_MISSED_TOKENS, call.missed_tokens)


def _outcome(call: DemoCall) -> Iterable[KeyValue]:
    status, error_type = call.failure or (200, None)
    yield _text(semconv.OUTCOME, call.outcome)
    yield _number(semconv.HTTP_STATUS, status)
    if error_type is not None:
        yield _text(semconv.ERROR_TYPE, error_type)
    if call.retries:
        yield _number(semconv.HTTP_RESEND_COUNT, call.retries)
    if call.message_id is not None:
        yield KeyValue(key=semconv.RESPONSE_ID, value=AnyValue(string_value=call.message_id))
    if call.first_chunk_ns is not None:
        seconds = AnyValue(double_value=call.first_chunk_ns / 1e9)
        yield KeyValue(key=semconv.TIME_TO_FIRST_CHUNK, value=seconds)
    if call.stop_reason is not None:
        yield _text(semconv.STOP_REASON, call.stop_reason)
        yield _finish_reasons(call.stop_reason)


@lru_cache(maxsize=8192)
def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))


@lru_cache(maxsize=8192)
def _number(key: str, value: int) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(int_value=value))


@lru_cache
def _finish_reasons(reason: str) -> KeyValue:
    reasons = ArrayValue(values=[AnyValue(string_value=reason)])
    return KeyValue(key=semconv.FINISH_REASONS, value=AnyValue(array_value=reasons))


_STREAMED: Final = KeyValue(key=semconv.REQUEST_STREAM, value=AnyValue(bool_value=True))
_WHOLE: Final = KeyValue(key=semconv.USAGE_COMPLETE, value=AnyValue(bool_value=True))
_LOWER_BOUND: Final = KeyValue(key=semconv.USAGE_COMPLETE, value=AnyValue(bool_value=False))
