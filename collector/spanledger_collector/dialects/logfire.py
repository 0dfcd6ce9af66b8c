"""The spans of logfire's Anthropic integration; pure.

A stream has two: one that ends when the headers have come and knows no tokens, and a record of no
length, written when the stream ends, that knows everything.
"""

from __future__ import annotations

from spanledger_collector.dialects.api_usage import json_object, usage_from
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import Counted, usage_of
from spanledger_collector.dialects.errors import ERROR
from spanledger_collector.dialects.genai import asked_of, read_call_of
from spanledger_collector.dialects.reading import picodollars, seconds_as_ns
from spanledger_collector.sources import LOGFIRE
from spanledger_collector.spans import Span

__all__ = ["read"]

_STREAM = "streaming response from "


def read(span: Span) -> Call | None:
    """Read a span; the one that ends at a stream's headers is no call, its record is."""
    facts = span.attributes
    asked = asked_of(span, unless_told=False)
    if asked is None:
        return None
    whole = usage_from(json_object(facts.get("gen_ai.usage.raw")))
    counted = usage_of(facts) if whole is None else Counted(whole[0], ())
    streamed = span.name.startswith(_STREAM)
    if counted.usage is None and not streamed and span.status != ERROR:
        return None
    call = read_call_of(span, asked, LOGFIRE, counted, streamed=streamed)
    return call._replace(
        iterations=whole[1] if whole else None,
        claimed_picodollars=picodollars(facts, "operation.cost"),
        duration_ns=seconds_as_ns(facts, "duration") if streamed else None,
    )
