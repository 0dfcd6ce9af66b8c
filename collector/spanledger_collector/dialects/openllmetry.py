"""The spans of OpenLLMetry (Traceloop); pure.

Of a stream it adds the first, provisional count of output tokens to the last: how many too many
they are, it does not say.
"""

from __future__ import annotations

from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import usage_of
from spanledger_collector.dialects.genai import asked_of, read_call_of
from spanledger_collector.sources import OPENLLMETRY
from spanledger_collector.spans import Span

__all__ = ["read"]


def read(span: Span) -> Call | None:
    """Read a span."""
    asked = asked_of(span, unless_told=span.name.endswith((".chat", ".completion")))
    if asked is None:
        return None
    call = read_call_of(span, asked, OPENLLMETRY, usage_of(span.attributes))
    return call._replace(unknown=(*call.unknown, "output_tokens")) if call.streamed else call
