"""The spans that Anthropic's platform itself sends (`com.anthropic.claude-platform`); pure.

Their attributes are documented as those of the SDK's spans; the same call, seen from the server.
"""

from __future__ import annotations

from spanledger_collector.dialects import anthropic_sdk
from spanledger_collector.dialects.call import Call
from spanledger_collector.sources import ANTHROPIC_SERVER
from spanledger_collector.spans import Span

__all__ = ["read"]


def read(span: Span) -> Call | None:
    """Read a span."""
    return anthropic_sdk.read_request(span, ANTHROPIC_SERVER)
