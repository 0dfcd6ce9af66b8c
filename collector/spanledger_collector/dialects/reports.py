"""Calls that something else than a span tells of, and the place in a trace that they get; pure."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from spanledger_collector.dialects.call import Call
from spanledger_collector.spans import Attributes, Span

__all__ = ["Report", "stand_in"]


class Report(NamedTuple):
    """A call, and a span that stands in for the one that was never sent."""

    span: Span
    call: Call


def stand_in(
    key: str,
    *,
    name: str,
    start_ns: int,
    end_ns: int,
    scope: str,
    attributes: Attributes,
    resource: Attributes,
    trace_id: bytes = b"",
    parent_span_id: bytes = b"",
    trace_key: str | None = None,
) -> Span:
    """Make a span whose ids are the same for every delivery of the same report.

    Args:
        key: what tells the report from all others.
        name: what to call it.
        start_ns: when it began.
        end_ns: when it ended.
        scope: who sent it.
        attributes: what it says.
        resource: where it ran.
        trace_id: the trace it belongs to; empty, or all zero, for none.
        parent_span_id: the span it happened in.
        trace_key: what its trace is called by when it belongs to none.
    """
    return Span(
        trace_id=trace_id if any(trace_id) else _digest(trace_key or key, 16),
        span_id=_digest(key, 8),
        parent_span_id=parent_span_id if any(parent_span_id) else b"",
        name=name,
        kind=0,
        start_ns=start_ns,
        end_ns=end_ns,
        status=0,
        attributes=attributes,
        scope=scope,
        resource=resource,
    )


def _digest(text: str, size: int) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
