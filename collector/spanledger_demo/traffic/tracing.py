"""The demo services' own tracing, as a service of anybody's has it: what calls are part of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Tracer

from spanledger import semconv

__all__ = ["agent", "endpoint", "tool", "tracing"]

_DELAY_MS: Final = 500


@contextmanager
def tracing(service: str, patience_s: float) -> Iterator[Tracer]:
    """Send the service's spans where its calls go; at the end, wait for the last ones so long."""
    url = os.environ.get("SPANLEDGER_ENDPOINT", "http://127.0.0.1:4318").rstrip("/")
    token = os.environ.get("SPANLEDGER_TOKEN")
    exporter = OTLPSpanExporter(
        f"{url}/v1/traces",
        headers={"authorization": f"Bearer {token}"} if token else None,
        timeout=max(1.0, patience_s),
    )
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=_DELAY_MS))
    try:
        yield provider.get_tracer(service)
    finally:
        provider.force_flush(int(patience_s * 1000))
        provider.shutdown()


@contextmanager
def endpoint(tracer: Tracer, name: str) -> Iterator[None]:
    """Serve one request."""
    with tracer.start_as_current_span(name, kind=SpanKind.SERVER):
        yield


@contextmanager
def agent(tracer: Tracer, name: str) -> Iterator[None]:
    """Let an agent work."""
    told = {semconv.OPERATION_NAME: "invoke_agent", "gen_ai.agent.name": name}
    with tracer.start_as_current_span(f"invoke_agent {name}", attributes=told):
        yield


@contextmanager
def tool(tracer: Tracer, name: str) -> Iterator[None]:
    """Do what a model asked for."""
    told = {semconv.OPERATION_NAME: "execute_tool", "gen_ai.tool.name": name}
    with tracer.start_as_current_span(f"execute_tool {name}", attributes=told):
        yield
