"""Spans made by hand and a small client, for tests that talk to a real collector over HTTP."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
import orjson

from spanledger import semconv
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings

JSON = "application/json"
PROTOBUF = "application/x-protobuf"
MODEL = "claude-sonnet-4-6"

Document = dict[str, Any]


def settings_for(folder: Path, port: int = 0, **collector: Any) -> Settings:
    """Settings of a collector with its data in a folder, on any free port unless told."""
    return Settings(
        collector=CollectorSettings(port=port, **collector), store=StoreSettings(path=folder)
    )


def attribute(name: str, value: object) -> Document:
    return {"key": name, "value": any_value(value)}


def any_value(value: object) -> Document:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(each) for each in value]}}
    return {"stringValue": value}


def call_span(
    message_id: str | None = None,
    *,
    start_ns: int | None = None,
    duration_ns: int = 10**9,
    attributes: Mapping[str, object] | None = None,
    **fields: object,
) -> Document:
    """A span of one Claude call, as the JSON exporter would send it."""
    start = time.time_ns() - 60 * 10**9 if start_ns is None else start_ns
    facts: dict[str, object] = {
        semconv.OPERATION_NAME: "chat",
        semconv.PROVIDER_NAME: "anthropic",
        semconv.REQUEST_MODEL: MODEL,
        semconv.RESPONSE_MODEL: MODEL,
        semconv.INPUT_TOKENS: 1000,
        semconv.OUTPUT_TOKENS: 100,
        semconv.OUTCOME: "completed",
        **({} if message_id is None else {semconv.RESPONSE_ID: message_id}),
        **(attributes or {}),
    }
    return {
        "traceId": os.urandom(16).hex(),
        "spanId": os.urandom(8).hex(),
        "name": f"chat {MODEL}",
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + duration_ns),
        "attributes": [
            attribute(name, value) for name, value in facts.items() if value is not None
        ],
        **fields,
    }


def request_of(
    spans: Sequence[Document], scope: str = semconv.SCOPE, **resource: object
) -> Document:
    """An export request of spans from one service."""
    facts = resource or {"service.name": "checkout"}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": [attribute(n, v) for n, v in facts.items()]},
                "scopeSpans": [{"scope": {"name": scope}, "spans": list(spans)}],
            }
        ]
    }


class Client:
    """A client of one collector."""

    def __init__(self, url: str, token: str | None = None) -> None:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.http = httpx2.Client(base_url=url, headers=headers, timeout=60)

    def close(self) -> None:
        self.http.close()

    def send(self, *spans: Document, scope: str = semconv.SCOPE, **resource: object) -> Document:
        """Send spans, see them acknowledged, and return the answer."""
        answer = self.post(orjson.dumps(request_of(spans, scope, **resource)))
        assert answer.status_code == 200, answer.text
        document: Document = answer.json()
        return document

    def post(
        self, body: bytes, content_type: str = JSON, path: str = "/v1/traces", **headers: str
    ) -> httpx2.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, content=body, headers={"content-type": content_type, **named})

    def query(self, name: str, **parameters: Any) -> list[Document]:
        """Ask a query and return its rows."""
        answer = self.http.get(f"/api/v1/query/{name}", params=parameters)
        assert answer.status_code == 200, answer.text
        rows: list[Document] = answer.json()["rows"]
        return rows

    def health(self) -> Document:
        return self.query("health")[0]

    def total(self, **parameters: Any) -> Document:
        """The one row of `usage` without a group, over all time."""
        everything = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
        rows = self.query("usage", **(everything | parameters))
        return rows[0] if rows else {"calls": 0, "cost_usd": None}
