"""The spans of OpenTelemetry's own GenAI instrumentation of Anthropic's SDK; pure."""

from __future__ import annotations

from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import usage_of
from spanledger_collector.dialects.genai import asked_of, read_call_of
from spanledger_collector.sources import OTEL_GENAI
from spanledger_collector.spans import Span

__all__ = ["read"]


def read(span: Span) -> Call | None:
    """Read a span, in the convention's old names or its new ones."""
    asked = asked_of(span, unless_told=False)
    if asked is None:
        return None
    return read_call_of(span, asked, OTEL_GENAI, usage_of(span.attributes))
