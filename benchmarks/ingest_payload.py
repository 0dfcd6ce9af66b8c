"""The requests that `ingest.py` sends: calls that no other request holds, of two sizes a span."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from spanledger import semconv

__all__ = ["PAYLOADS", "bodies"]

MODELS: Final = ("claude-sonnet-4-6", "claude-haiku-5-5", "claude-opus-5-5", "claude-sonnet-5-5")
TEAMS: Final = ("checkout", "search", "support")
Facts = dict[str, "str | int | float | bool"]


def bodies(count: int, spans: int, payload: str) -> list[bytes]:
    """Make so many requests of so many spans."""
    begin_ns = time.time_ns() - 3600 * 10**9
    run = os.urandom(3).hex()
    return [_body(number, spans, payload, begin_ns, run) for number in range(count)]


def _body(number: int, spans: int, payload: str, begin_ns: int, run: str) -> bytes:
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    for name, value in {
        semconv.SERVICE_NAME: f"service-{number % 5}",
        semconv.SERVICE_VERSION: "1.4.2",
        semconv.ENVIRONMENT: "production",
        semconv.HOST_NAME: f"host-{number % 16}",
    }.items():
        attribute = resource_spans.resource.attributes.add()
        attribute.key, attribute.value.string_value = name, value
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = semconv.SCOPE
    start_ns = begin_ns + number * spans * 20_000
    for index in range(spans):
        serial = number * spans + index
        span = scope_spans.spans.add(
            trace_id=os.urandom(16),
            span_id=os.urandom(8),
            name=f"chat {MODELS[serial % 4]}",
            kind=Span.SPAN_KIND_CLIENT,
            start_time_unix_nano=start_ns + index * 20_000,
            end_time_unix_nano=start_ns + index * 20_000 + 2 * 10**9 + serial % 997 * 10**6,
        )
        _set(span, PAYLOADS[payload](serial, f"msg_{run}{serial:012}"))
    serialised: bytes = request.SerializeToString()
    return serialised


def _set(span: Span, facts: Mapping[str, str | int | float | bool]) -> None:
    for key, value in facts.items():
        attribute = span.attributes.add()
        attribute.key = key
        if isinstance(value, bool):
            attribute.value.bool_value = value
        elif isinstance(value, int):
            attribute.value.int_value = value
        elif isinstance(value, float):
            attribute.value.double_value = value
        else:
            attribute.value.string_value = value


def _plain(serial: int, message_id: str) -> Facts:
    """Eighteen attributes: what other collectors are measured with."""
    model, read = MODELS[serial % 4], serial % 3 * 5000
    return {
        semconv.OPERATION_NAME: "chat",
        semconv.PROVIDER_NAME: "anthropic",
        semconv.REQUEST_MODEL: model,
        semconv.RESPONSE_MODEL: model,
        semconv.RESPONSE_ID: message_id,
        semconv.REQUEST_ID: f"req_{message_id}",
        semconv.ORGANIZATION_ID: "0c4b6c6e-6f0a-4c0e-9d1c-2f3a4b5c6d7e",
        semconv.STOP_REASON: "tool_use" if serial % 4 == 1 else "end_turn",
        semconv.SERVER_ADDRESS: "api.anthropic.com",
        semconv.HTTP_STATUS: 200,
        semconv.INPUT_TOKENS: read + 1000 + serial % 5003,
        semconv.CACHE_READ_TOKENS: read,
        semconv.CACHE_WRITE_TOKENS: serial % 2 * 1000,
        semconv.CACHE_WRITE_5M_TOKENS: serial % 2 * 1000,
        semconv.OUTPUT_TOKENS: 20 + serial % 1009,
        semconv.OUTCOME: "completed",
        f"{semconv.TAG_PREFIX}team": TEAMS[serial % 3],
        f"{semconv.TAG_PREFIX}feature": f"feature-{serial % 7}",
    }


def _own(serial: int, message_id: str) -> Facts:
    """Forty-five: all that our instrumentation sets for a streamed call of a user's session."""
    limits = {
        f"{semconv.RATELIMIT_PREFIX}{kind}.{what}": 4_000_000 - serial % 1000
        for kind in ("requests", "tokens", "input_tokens", "output_tokens")
        for what in ("limit", "remaining")
    }
    resets = {
        f"{semconv.RATELIMIT_PREFIX}{kind}.reset": "2026-11-20T15:00:00Z"
        for kind in ("requests", "tokens", "input_tokens", "output_tokens")
    }
    return {
        **_plain(serial, message_id),
        **limits,
        **resets,
        semconv.HTTP_METHOD: "POST",
        semconv.HTTP_ROUTE: "/v1/messages",
        semconv.REQUEST_MAX_TOKENS: 4096,
        semconv.REQUEST_STREAM: True,
        semconv.TIME_TO_FIRST_CHUNK: 0.25 + serial % 100 / 250,
        semconv.USAGE_COMPLETE: True,
        semconv.SERVICE_TIER: "standard",
        semconv.CONVERSATION_ID: f"session-{serial % 500}",
        f"{semconv.TAG_PREFIX}user": f"user-{serial % 200}",
        semconv.COST_PICODOLLARS: 12_345_000_000 + serial,
        semconv.COST_USD: 0.012345,
        semconv.COST_STATUS: "priced",
        semconv.PRICES_VERSION: "2026-11-20",
        semconv.COST_INPUT_USD: 0.01,
        semconv.COST_OUTPUT_USD: 0.002,
    }


PAYLOADS: Final = {"plain": _plain, "own": _own}
