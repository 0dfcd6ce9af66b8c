"""The stock OpenTelemetry exporter as the client: what a service sends is what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.util.types import AnyValue

from spanledger import semconv
from spanledger.pricing import Usage, price
from spanledger_collector.server import running_collector
from tests.collector.support import MODEL, Client, settings_for

START_NS = 1_790_000_000_123_456_789
END_NS = START_NS + 2_500_000_000
FACTS: dict[str, AnyValue] = {
    semconv.OPERATION_NAME: "chat",
    semconv.PROVIDER_NAME: "anthropic",
    semconv.REQUEST_MODEL: MODEL,
    semconv.RESPONSE_MODEL: "claude-sonnet-4-6",
    semconv.REQUEST_STREAM: True,
    semconv.RESPONSE_ID: "msg_01",
    semconv.REQUEST_ID: "req_01",
    semconv.ORGANIZATION_ID: "org_1",
    semconv.WORKSPACE_ID: "wrkspc_1",
    semconv.TIME_TO_FIRST_CHUNK: 0.25,
    semconv.FINISH_REASONS: ["stop"],
    semconv.STOP_REASON: "end_turn",
    semconv.INPUT_TOKENS: 1_000_700,
    semconv.CACHE_READ_TOKENS: 1_000_000,
    semconv.CACHE_WRITE_TOKENS: 600,
    semconv.CACHE_WRITE_1H_TOKENS: 200,
    semconv.OUTPUT_TOKENS: 321,
    semconv.REASONING_TOKENS: 21,
    semconv.WEB_SEARCH_REQUESTS: 2,
    semconv.SERVICE_TIER: "standard",
    semconv.INFERENCE_GEO: "global",
    semconv.SERVER_ADDRESS: "api.anthropic.com",
    semconv.HTTP_STATUS: 200,
    semconv.HTTP_RESEND_COUNT: 1,
    semconv.OUTCOME: "completed",
    semconv.USAGE_COMPLETE: True,
    semconv.METADATA_USER_ID: "user-from-metadata",
    semconv.CONVERSATION_ID: "conversation-9",
    semconv.COST_PICODOLLARS: 5,
    semconv.TAG_PREFIX + "team": "payments",
    semconv.TAG_PREFIX + "feature": "refunds",
    semconv.TAG_PREFIX + "order": "A-17",
    "gen_ai.input.messages": "a secret",
}


@contextmanager
def tracing(url: str, scope: str, compression: Compression) -> Iterator[TracerProvider]:
    resource = Resource(
        {
            "service.name": "shop",
            "service.version": "3.1",
            "deployment.environment.name": "prod",
            "host.name": "web-1",
            "team": "from-resource",
        }
    )
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(f"{url}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider
    provider.shutdown()


def rows(folder: Path, table: str) -> list[dict[str, object]]:
    """What a table holds, read from the file once the collector has let go of it."""
    with duckdb.connect(str(folder / "ledger.duckdb"), read_only=True) as connection:
        found: list[dict[str, object]] = (
            connection.sql(f"select * from {table}").to_arrow_table().to_pylist()
        )
    return found


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
def test_the_whole_row_of_a_call(tmp_path: Path, compression: Compression) -> None:
    """Every fact of a span stands in the ledger with its type, priced anew, without content."""
    with (
        running_collector(settings_for(tmp_path)) as collector,
        tracing(collector.url, "spanledger", compression) as provider,
    ):
        span = provider.get_tracer(semconv.SCOPE).start_span(
            f"chat {MODEL}", kind=SpanKind.CLIENT, attributes=FACTS, start_time=START_NS
        )
        span.end(END_NS)
        context = span.get_span_context()
    [row] = rows(tmp_path, "calls")
    cost = price(
        MODEL,
        Usage(100, 321, 1_000_000, 400, 200, web_search_requests=2, thinking_tokens=21),
        at_ns=START_NS,
    )
    received_at = row.pop("received_at")
    start_time = row.pop("start_time")
    numbers = row.pop("id_hash"), row.pop("request_hash")
    parts = cost.parts
    assert parts is not None

    assert str(start_time) == "2026-09-21 14:13:20.123456"
    assert received_at is not None
    assert None not in numbers
    assert row == dict.fromkeys(row) | {
        "call_key": "msg_01",
        "trace_id": str(UUID(int=context.trace_id)),
        "span_id": context.span_id,
        "parent_span_id": None,
        "duration_ns": 2_500_000_000,
        "time_to_first_chunk_ns": 250_000_000,
        "batch_id": 1,
        "source": "spanledger",
        "service": "shop",
        "service_version": "3.1",
        "environment": "prod",
        "host": "web-1",
        "team": "payments",
        "feature": "refunds",
        "user_id": "user-from-metadata",
        "session_id": "conversation-9",
        "tags": [("order", "A-17")],
        "provider": "anthropic",
        "operation": "chat",
        "request_model": MODEL,
        "response_model": MODEL,
        "model": MODEL,
        "streamed": True,
        "outcome": "completed",
        "error_type": None,
        "http_status": 200,
        "retries": 1,
        "stop_reason": "end_turn",
        "message_id": "msg_01",
        "request_id": "req_01",
        "organization_id": "org_1",
        "workspace_id": "wrkspc_1",
        "input_tokens": 100,
        "cache_read_tokens": 1_000_000,
        "cache_write_5m_tokens": 400,
        "cache_write_1h_tokens": 200,
        "output_tokens": 321,
        "thinking_tokens": 21,
        "web_search_requests": 2,
        "web_fetch_requests": 0,
        "ttl_split_known": True,
        "usage_known": True,
        "usage_complete": True,
        "request_sent": True,
        "batch_result": None,
        "service_tier": "standard",
        "speed": None,
        "inference_geo": "global",
        "server_address": "api.anthropic.com",
        "iterations": None,
        "fallback_credit_redeemed": False,
        "cost_status": cost.status,
        "cost_reasons": list(cost.reasons),
        "prices_version": cost.prices_version,
        "cost_usd": cost.usd,
        "input_usd": Decimal(parts.input).scaleb(-12),
        "output_usd": Decimal(parts.output).scaleb(-12),
        "cache_read_usd": Decimal(parts.cache_read).scaleb(-12),
        "cache_write_5m_usd": Decimal(parts.cache_write_5m).scaleb(-12),
        "cache_write_1h_usd": Decimal(parts.cache_write_1h).scaleb(-12),
        "web_search_usd": Decimal(parts.web_search).scaleb(-12),
        "claimed_usd": Decimal(5).scaleb(-12),
        "own_claimed_usd": Decimal(5).scaleb(-12),
        "claim_is_cost": False,
        "input_is_rest": True,
        "list_usd": Decimal(cost.list_picodollars or 0).scaleb(-12),
    }


def test_the_whole_row_of_another_span(tmp_path: Path) -> None:
    """A span of another library is kept for traces, without content, and costs nothing."""
    with running_collector(settings_for(tmp_path)) as collector:
        with tracing(collector.url, "spanledger", Compression.Gzip) as provider:
            parent = provider.get_tracer("some.library").start_span("GET /", start_time=START_NS)
            child = provider.get_tracer("fastapi").start_span(
                "work",
                kind=SpanKind.SERVER,
                attributes={"http.route": "/", "sizes": [1, 2], "input.value": "a secret"},
                start_time=START_NS,
            )
            child.set_status(Status(StatusCode.ERROR))
            child.end(END_NS)
            parent.end(END_NS)
        client = Client(collector.url)
        total = client.total()
        client.close()
    kept = {row["name"]: row for row in rows(tmp_path, "spans")}

    assert total["calls"] == 0
    assert kept["GET /"]["kind"] == "internal"
    assert (
        kept["work"]
        | {
            "kind": "server",
            "duration_ns": 2_500_000_000,
            "status": "error",
            "service": "shop",
            "scope": "fastapi",
            "attributes": '{"http.route":"/","sizes":[1,2]}',
        }
        == kept["work"]
    )


def test_our_requests_that_are_no_model_request_cost_nothing(tmp_path: Path) -> None:
    """A span of ours without an operation goes to `spans`; count_tokens is a call that is free."""
    with running_collector(settings_for(tmp_path)) as collector:
        with tracing(collector.url, "spanledger", Compression.Gzip) as provider:
            tracer = provider.get_tracer(semconv.SCOPE)
            tracer.start_span("GET /v1/models", attributes={semconv.HTTP_STATUS: 200}).end()
            tracer.start_span(
                "count_tokens",
                attributes={
                    semconv.OPERATION_NAME: "count_tokens",
                    semconv.REQUEST_MODEL: MODEL,
                    semconv.REQUEST_ID: "req_5",
                },
            ).end()
        client = Client(collector.url)
        total = client.total()
        health = client.health()
        client.close()
    [row] = rows(tmp_path, "calls")

    assert (health["calls"], health["spans"]) == (1, 1)
    assert (total["requests"], total["calls"], total["cost_usd"]) == (1, 0, "0.000000000000")
    assert (row["call_key"], row["operation"], row["cost_status"]) == (
        "req_5",
        "count_tokens",
        "priced",
    )
