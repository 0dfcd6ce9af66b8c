"""The spans of Claude Code (`com.anthropic.claude_code.tracing`); pure.

They know no lifetimes of cache writes and no cost; their response id is a request id.
"""

from __future__ import annotations

from spanledger import semconv
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.claude_code import UNKNOWN, call_by, usage_of
from spanledger_collector.dialects.errors import failure_of
from spanledger_collector.dialects.finishing import stop_reason_of
from spanledger_collector.dialects.genai import ended
from spanledger_collector.dialects.reading import MAX_SMALL, count_of, milliseconds_as_ns, text
from spanledger_collector.sources import CLAUDE_CODE_SPANS
from spanledger_collector.spans import Span

__all__ = ["read"]


def read(span: Span) -> Call | None:
    """Read a span; interactions, tools and hooks are no calls."""
    facts = span.attributes
    if text(facts, "span.type") != "llm_request":
        return None
    attempt = count_of(facts, "attempt", limit=MAX_SMALL) or 1
    call = call_by(facts, CLAUDE_CODE_SPANS, semconv.CHAT)._replace(
        usage=usage_of(facts),
        unknown=UNKNOWN,
        retries=max(attempt - 1, 0),
        time_to_first_chunk_ns=milliseconds_as_ns(facts, "ttft_ms"),
    )
    failure = failure_of(span)
    if facts.get("success") is False and failure.outcome == "completed":
        failure = failure._replace(outcome="failed", error_type=text(facts, "error_class"))
    # Old versions tell no stop reason: that of itself does not mean that a stream was cut.
    return ended(call, stop_reason_of(facts), failure)._replace(streamed=True)
