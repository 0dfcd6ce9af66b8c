"""The SDK's own tracing, since 1.14: whom a call's native span would reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry import trace
from opentelemetry.trace import ProxyTracerProvider, TracerProvider


def native_provider(client: Any) -> TracerProvider | None:
    """Where the SDK's own spans of a client's calls go; None when there are none, or nowhere."""
    if getattr(client, "_tracer", None) is None:  # an older SDK, switched off, or no provider loads
        return None
    options: Mapping[str, Any] = getattr(client, "_open_telemetry", None) or {}
    chosen: TracerProvider | None = options.get("tracer_provider")
    theirs = trace.get_tracer_provider() if chosen is None else chosen
    return None if isinstance(theirs, ProxyTracerProvider) else theirs
