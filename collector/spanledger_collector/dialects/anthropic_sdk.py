"""The spans of Anthropic's own SDK (`com.anthropic.sdk.*`); pure.

They know lifetimes of cache writes and service tiers, and neither searches, speed nor geography.
"""

from __future__ import annotations

import orjson

from spanledger.pricing import Usage, iterations_from_json
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import Counted, usage_of
from spanledger_collector.dialects.genai import COUNT_TOKENS, asked_of, read_call_of
from spanledger_collector.dialects.reading import count_of
from spanledger_collector.sources import ANTHROPIC_SDK
from spanledger_collector.spans import Attributes, Span

__all__ = ["read", "read_request"]

_COMPACTION = "anthropic.usage.compaction."


def read(span: Span) -> Call | None:
    """Read a span; batches, sessions, runners and tools are no calls."""
    return read_request(span, ANTHROPIC_SDK)


def read_request(span: Span, source: str) -> Call | None:
    """Read a span with the SDK's attributes, whoever sent it."""
    counting = span.name.endswith(COUNT_TOKENS)
    asked = asked_of(span, unless_told=counting or span.name == "anthropic.messages.create")
    if asked is None:
        return None
    if counting:
        call = read_call_of(span, asked, source, Counted(None, ()))
        return call._replace(operation=COUNT_TOKENS)
    call = read_call_of(span, asked, source, usage_of(span.attributes))
    return _with_compaction(call, span.attributes)


def _with_compaction(call: Call, facts: Attributes) -> Call:
    """Add a compaction, billed beside the totals; how much of its input was cached is open."""
    taken = count_of(facts, f"{_COMPACTION}input_tokens")
    given = count_of(facts, f"{_COMPACTION}output_tokens")
    usage = call.usage
    if usage is None or not (taken or given):
        return call
    listed = [_entry(usage), {"type": "compaction", "input_tokens": taken or 0,
                              "output_tokens": given or 0}]  # fmt: skip
    text = orjson.dumps(listed).decode()
    return call._replace(
        usage=usage._replace(iterations=iterations_from_json(text)),
        iterations=text,
        unknown=(*call.unknown, "iterations"),
    )


def _entry(usage: Usage) -> dict[str, object]:
    """The totals in the form of the API's own list of model requests."""
    return {
        "type": "message",
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m_tokens,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        },
    }
