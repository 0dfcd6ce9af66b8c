"""What the three signals of Claude Code have in common: counts, prices, people and tags; pure."""

from __future__ import annotations

from typing import Final

from spanledger.pricing import Usage
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import counts_of
from spanledger_collector.dialects.providers import claude_provider
from spanledger_collector.dialects.reading import count_of, text, text_of
from spanledger_collector.dialects.tags import named_tags
from spanledger_collector.spans import Attributes

__all__ = ["UNKNOWN", "call_by", "speed_of", "usage_of"]

UNKNOWN: Final = ("service_tier", "inference_geo", "web_search_requests")
"""What none of the signals tells."""
_PROVIDER: Final = "anthropic.provider"
_TAGS: Final = (
    "query_source",
    "effort",
    "agent.name",
    "skill.name",
    "plugin.name",
    "mcp_server.name",
    "mcp_tool.name",
    "app.entrypoint",
)


def usage_of(facts: Attributes) -> Usage | None:
    """Read the counts, of which the input leaves out what the cache read and wrote.

    Raises:
        Absurd: something cannot be a count.
    """
    told = count_of(facts, "input_tokens")
    output = count_of(facts, "output_tokens")
    if told is None and output is None:
        return None
    five = count_of(facts, "cache_creation_5m_tokens")
    hour = count_of(facts, "cache_creation_1h_tokens")
    written = count_of(facts, "cache_creation_tokens")
    written = (five or 0) + (hour or 0) if written is None else written
    read = count_of(facts, "cache_read_tokens") or 0
    usage = counts_of(told or 0, output or 0, read, written, five, hour)
    return usage._replace(speed=speed_of(facts))


def call_by(facts: Attributes, source: str, operation: str) -> Call:
    """Begin a call with whatever each of the signals tells."""
    model = text(facts, "model")
    tags = named_tags(facts, *_TAGS)
    if "query_source" not in tags and (safe := text(facts, "query_source_safe")):
        tags["query_source"] = safe
    return Call(
        source=source,
        provider=claude_provider(facts, model, also=_PROVIDER) or "anthropic",
        operation=operation,
        request_model=model,
        user_id=text_of(facts, "user.email", "user.account_uuid", "user.id"),
        session_id=text(facts, "session.id"),
        request_id=text(facts, "request_id"),
        tags=tags,
    )


def speed_of(facts: Attributes) -> str | None:
    """`normal` is what the API calls `standard`."""
    told = text(facts, "speed")
    return "standard" if told == "normal" else told
