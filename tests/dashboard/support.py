"""Calls as a service would report them, sent to a real collector over OTLP/HTTP."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import httpx2

from spanledger import semconv

HAIKU = "claude-haiku-4-5-20251001"  # $1 a million input tokens, $5 output
MILLION = 1_000_000


@dataclass(frozen=True)
class Reported:
    """One finished call, told by its span."""

    ago: timedelta
    model: str = HAIKU
    service: str = "checkout"
    team: str | None = "payments"
    feature: str | None = "receipts"
    user: str | None = "u-1"
    input_tokens: int = MILLION
    cache_read: int = 0
    output_tokens: int = 0
    error: str | None = None

    def span(self) -> dict[str, Any]:
        """The span in OTLP's JSON form."""
        ended = datetime.now(timezone.utc) - self.ago
        end = int(ended.timestamp() * 1_000_000) * 1_000
        return {
            "traceId": secrets.token_hex(16),
            "spanId": secrets.token_hex(8),
            "name": f"chat {self.model}",
            "kind": 3,
            "startTimeUnixNano": str(end - 800_000_000),
            "endTimeUnixNano": str(end),
            "attributes": [
                {"key": key, "value": _value(value)} for key, value in self._told().items()
            ],
        }

    def _told(self) -> dict[str, str | int | bool | float]:
        tags = {"team": self.team, "feature": self.feature, "user": self.user}
        told: dict[str, str | int | bool | float] = {
            semconv.OPERATION_NAME: semconv.CHAT,
            semconv.PROVIDER_NAME: "anthropic",
            semconv.REQUEST_MODEL: self.model,
            semconv.REQUEST_ID: f"req_{secrets.token_hex(12)}",
            **{f"{semconv.TAG_PREFIX}{key}": value for key, value in tags.items() if value},
        }
        if self.error:
            failed = {semconv.OUTCOME: "failed", semconv.ERROR_TYPE: self.error}
            return told | failed | {semconv.HTTP_STATUS: 529}
        return told | {
            semconv.OUTCOME: "completed",
            semconv.HTTP_STATUS: 200,
            semconv.RESPONSE_MODEL: self.model,
            semconv.RESPONSE_ID: f"msg_{secrets.token_hex(12)}",
            semconv.INPUT_TOKENS: self.input_tokens + self.cache_read,
            semconv.CACHE_READ_TOKENS: self.cache_read,
            semconv.OUTPUT_TOKENS: self.output_tokens,
            semconv.USAGE_COMPLETE: True,
        }


def report(url: str, calls: Iterable[Reported], token: str | None = None) -> None:
    """Send the calls; they are in the ledger when this returns."""
    by_service: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        by_service.setdefault(call.service, []).append(call.span())
    body = {"resourceSpans": [_resource(name, spans) for name, spans in by_service.items()]}
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    answer = httpx2.post(f"{url}/v1/traces", content=json.dumps(body), headers=headers)
    answer.raise_for_status()


@cache
def noon_zone() -> str:
    """A zone in which it was noon at first, so that "today" never ends while tests run.

    It stays the same: what was opened before midnight in UTC and what is expected after it agree.
    """
    ahead = 12 - datetime.now(timezone.utc).hour
    return "Etc/GMT" if not ahead else f"Etc/GMT{-ahead:+d}"


def labelled(widgets: Iterable[Any], label: str) -> Any:
    """The first widget whose words begin with these."""
    return next(widget for widget in widgets if widget.label.startswith(label))


def _resource(service: str, spans: list[dict[str, Any]]) -> dict[str, Any]:
    attributes = {semconv.SERVICE_NAME: service, semconv.ENVIRONMENT: "production"}
    told = [{"key": key, "value": _value(value)} for key, value in attributes.items()]
    return {
        "resource": {"attributes": told},
        "scopeSpans": [{"scope": {"name": semconv.SCOPE}, "spans": spans}],
    }


def _value(value: str | int | bool | float) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
