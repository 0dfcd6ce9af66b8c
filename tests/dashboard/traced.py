"""Traces as services send them: calls within requests, agents and tools."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx2

from spanledger import semconv
from tests.dashboard.support import HAIKU

__all__ = ["OTHER_SOURCE", "Sent", "call", "send", "span"]

OTHER_SOURCE = "opentelemetry.instrumentation.anthropic"
Fact = str | int | bool | float
_NS = 1_000_000_000


@dataclass(frozen=True)
class Sent:
    """One span of a trace; times are seconds after the trace began."""

    name: str
    span_id: str
    parent: str | None
    start_s: float
    end_s: float
    scope: str
    attributes: Mapping[str, Fact] = field(default_factory=dict)
    failed: bool = False

    def otlp(self, trace_id: str, begins_ns: int) -> dict[str, Any]:
        """The span in OTLP's JSON form."""
        told: dict[str, Any] = {
            "traceId": trace_id,
            "spanId": self.span_id,
            "name": self.name,
            "kind": 3 if self.scope == semconv.SCOPE else 1,
            "startTimeUnixNano": str(begins_ns + int(self.start_s * _NS)),
            "endTimeUnixNano": str(begins_ns + int(self.end_s * _NS)),
            "attributes": [
                {"key": key, "value": _value(value)} for key, value in self.attributes.items()
            ],
        }
        if self.parent is not None:
            told["parentSpanId"] = self.parent
        return told | ({"status": {"code": 2}} if self.failed else {})


def span(
    name: str, number: int, parent: int | None, start_s: float, end_s: float, **facts: Any
) -> Sent:
    """A span of the service's own tracing."""
    failed = bool(facts.pop("failed", False))
    above = None if parent is None else span_id(parent)
    return Sent(name, span_id(number), above, start_s, end_s, "shop", facts, failed)


def call(
    number: int,
    parent: int | None,
    start_s: float,
    end_s: float,
    *,
    scope: str = semconv.SCOPE,
    message: str | None = None,
    tokens: int = 1_000_000,
    output: int = 0,
    facts: Mapping[str, Fact | None] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Sent:
    """A call of `claude-haiku-4-5`: $1 for a million tokens of input, $5 for output."""
    told: dict[str, Fact | None] = {
        semconv.OPERATION_NAME: semconv.CHAT,
        semconv.PROVIDER_NAME: "anthropic",
        semconv.REQUEST_MODEL: HAIKU,
        semconv.RESPONSE_MODEL: HAIKU,
        semconv.RESPONSE_ID: message or f"msg_{number:012d}_{(tags or {}).get('session', '')}",
        semconv.OUTCOME: "completed",
        semconv.HTTP_STATUS: 200,
        semconv.INPUT_TOKENS: tokens,
        semconv.OUTPUT_TOKENS: output,
        semconv.USAGE_COMPLETE: True,
        **{f"{semconv.TAG_PREFIX}{name}": value for name, value in (tags or {}).items()},
        **(facts or {}),
    }
    known = {name: value for name, value in told.items() if value is not None}
    above = None if parent is None else span_id(parent)
    return Sent(f"chat {HAIKU}", span_id(number), above, start_s, end_s, scope, known)


def span_id(number: int) -> str:
    """The id of the span of that number."""
    return f"{number:016x}"


def send(url: str, trace_id: str, ago: timedelta, spans: Iterable[Sent]) -> datetime:
    """Send a trace that began so long ago; it is in the ledger when this returns."""
    began = (datetime.now(timezone.utc) - ago).replace(microsecond=0)
    begins_ns = int(began.timestamp()) * _NS
    by_scope: dict[str, list[dict[str, Any]]] = {}
    for each in spans:
        by_scope.setdefault(each.scope, []).append(each.otlp(trace_id, begins_ns))
    service = {"key": semconv.SERVICE_NAME, "value": {"stringValue": "shop"}}
    body = {
        "resourceSpans": [
            {
                "resource": {"attributes": [service]},
                "scopeSpans": [
                    {"scope": {"name": scope}, "spans": told} for scope, told in by_scope.items()
                ],
            }
        ]
    }
    headers = {"Content-Type": "application/json"}
    answer = httpx2.post(f"{url}/v1/traces", content=json.dumps(body), headers=headers)
    answer.raise_for_status()
    return began


def _value(value: Fact) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
