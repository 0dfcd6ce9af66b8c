"""Which reports of calls there are, best first, and how they say what they cannot know."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ANTHROPIC_SDK",
    "ANTHROPIC_SERVER",
    "CLAUDE_CODE",
    "CLAUDE_CODE_METRICS",
    "CLAUDE_CODE_SPANS",
    "GENERIC",
    "LOGFIRE",
    "NOT_REPORTED",
    "OPENINFERENCE",
    "OPENLIT",
    "OPENLLMETRY",
    "OTEL_GENAI",
    "PRECEDENCE",
    "SESSION_CALLS",
    "SESSION_TOTALS",
    "SPANLEDGER",
    "USAGE_REPORT",
    "rank",
]

SPANLEDGER: Final = "spanledger"
ANTHROPIC_SDK: Final = "anthropic_sdk"
CLAUDE_CODE: Final = "claude_code"
CLAUDE_CODE_SPANS: Final = "claude_code_spans"
ANTHROPIC_SERVER: Final = "anthropic_server"
LOGFIRE: Final = "logfire"
OTEL_GENAI: Final = "otel_genai"
OPENINFERENCE: Final = "openinference"
OPENLLMETRY: Final = "openllmetry"
OPENLIT: Final = "openlit"
GENERIC: Final = "generic"
CLAUDE_CODE_METRICS: Final = "claude_code_metrics"

PRECEDENCE: Final = (
    SPANLEDGER,
    ANTHROPIC_SDK,
    CLAUDE_CODE,
    CLAUDE_CODE_SPANS,
    ANTHROPIC_SERVER,
    LOGFIRE,
    OTEL_GENAI,
    OPENINFERENCE,
    OPENLLMETRY,
    OPENLIT,
    GENERIC,
    CLAUDE_CODE_METRICS,
)
"""Of several reports of one call the first in this order counts; the others are evidence."""

SESSION_TOTALS: Final = CLAUDE_CODE_METRICS
"""Whose reports add up the calls of a session instead of telling of one."""
USAGE_REPORT: Final = "usage_report"
"""The operation of those: not one call, and billed like one."""
SESSION_CALLS: Final = (CLAUDE_CODE, CLAUDE_CODE_SPANS)
"""Which reports tell of the calls that those add up."""

NOT_REPORTED: Final = "not_reported:"
"""Begins a reason of a cost: what follows is the column of `calls` that its source left open."""


def rank(source: str) -> int:
    """Where a source stands in the precedence; one that is not in it comes last."""
    return _RANKS.get(source, len(_RANKS))


_RANKS: Final = {source: number for number, source in enumerate(PRECEDENCE)}
