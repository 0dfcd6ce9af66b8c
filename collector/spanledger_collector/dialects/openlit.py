"""The spans of OpenLIT; pure.

Against the convention, its input tokens leave out what the cache read and wrote.
"""

from __future__ import annotations

from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import usage_of
from spanledger_collector.dialects.genai import asked_of, read_call_of
from spanledger_collector.dialects.reading import picodollars
from spanledger_collector.sources import OPENLIT
from spanledger_collector.spans import Span

__all__ = ["read"]


def read(span: Span) -> Call | None:
    """Read a span; one of a failed call has nothing but its name."""
    asked = asked_of(span, unless_told=span.name.startswith("chat "))
    if asked is None:
        return None
    call = read_call_of(span, asked, OPENLIT, usage_of(span.attributes, inclusive=False))
    return call._replace(claimed_picodollars=picodollars(span.attributes, "gen_ai.usage.cost"))
