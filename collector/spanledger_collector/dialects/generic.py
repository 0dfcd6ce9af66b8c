"""Spans of unknown scopes that tell a model's tokens; pure.

Whether their input tokens include what the cache read and wrote, nobody knows: the convention says
that they do, and where that cannot be, they do not. Either way the cost is an estimate.
"""

from __future__ import annotations

from typing import Final

from spanledger_collector.dialects import names
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import CONVENTION, usage_of
from spanledger_collector.dialects.genai import asked_of, read_call_of
from spanledger_collector.dialects.reading import text_of
from spanledger_collector.sources import GENERIC
from spanledger_collector.spans import Attributes, Span

__all__ = ["read", "tells_tokens"]

_OF_AGENTS: Final = ("gen_ai.agent.name", "gen_ai.agent.id", "agent_name", "gen_ai.tool.name")


def tells_tokens(facts: Attributes) -> bool:
    """Whether the attributes of a span tell a model's tokens."""
    return any(name.startswith(names.USAGE_PREFIXES) for name in facts)


def read(span: Span) -> Call | None:
    """Read a span; one without counts, or of an agent or a tool, is no call."""
    facts = span.attributes
    asked = asked_of(span, unless_told=text_of(facts, *_OF_AGENTS) is None)
    if asked is None:
        return None
    counted = usage_of(facts)
    if counted.usage is None:
        return None
    call = read_call_of(span, asked, GENERIC, counted)
    return call._replace(unknown=tuple(dict.fromkeys((*call.unknown, CONVENTION))))
