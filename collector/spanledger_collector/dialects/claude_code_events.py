"""The events of Claude Code (`com.anthropic.claude_code.events`): log records; pure.

`api_request` is a call that was answered, `api_error` one that finally was not. Both are written
when the call has ended. The span they name is the interaction, which many calls share.
"""

from __future__ import annotations

from typing import Final

from spanledger import semconv
from spanledger_collector.dialects.attribution import attributed
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.claude_code import UNKNOWN, call_by, usage_of
from spanledger_collector.dialects.reading import (
    MAX_SMALL,
    count_of,
    milliseconds_as_ns,
    picodollars,
    text,
)
from spanledger_collector.dialects.reports import Report, stand_in
from spanledger_collector.sources import CLAUDE_CODE
from spanledger_collector.spans import Attributes, LogRecord, Span

__all__ = ["SCOPE", "read"]

SCOPE: Final = "com.anthropic.claude_code.events"
_MOST_MICROS: Final = 10**12 - 1


def read(record: LogRecord) -> Report | None:
    """Read a record; None when it does not report a call.

    Raises:
        Absurd: it does, with values that no call can have.
    """
    facts = record.attributes
    event = text(facts, "event.name") or record.event_name
    if event.endswith("api_request"):
        call = _answered(facts)
    elif event.endswith("api_error"):
        call = _failed(facts)
    else:
        return None
    return Report(_place(record, event), attributed(call, facts, record.resource))


def _answered(facts: Attributes) -> Call:
    usage = usage_of(facts)
    return call_by(facts, CLAUDE_CODE, semconv.CHAT)._replace(
        usage=usage,
        usage_complete=usage is not None,
        unknown=UNKNOWN,
        streamed=True,
        time_to_first_chunk_ns=milliseconds_as_ns(facts, "ttft_ms"),
        claimed_picodollars=_claim(facts),
    )


def _failed(facts: Attributes) -> Call:
    status = count_of(facts, "status_code", limit=MAX_SMALL)
    attempt = count_of(facts, "attempt", limit=MAX_SMALL) or 1
    return call_by(facts, CLAUDE_CODE, semconv.CHAT)._replace(
        outcome="failed",
        error_type=str(status) if status else "client_error",
        http_status=status,
        retries=max(attempt - 1, 0),
        streamed=True,
    )


def _claim(facts: Attributes) -> int | None:
    micros = count_of(facts, "cost_usd_micros", limit=_MOST_MICROS)
    return picodollars(facts, "cost_usd") if micros is None else micros * 10**6


def _place(record: LogRecord, event: str) -> Span:
    facts = record.attributes
    session = text(facts, "session.id") or ""
    # A session that is resumed may count its events from 0 again: the time belongs to the key.
    which = text(facts, "request_id") or f"{facts.get('event.sequence')!r}@{record.time_ns}"
    duration_ns = milliseconds_as_ns(facts, "duration_ms") or 0
    return stand_in(
        f"{session}/{which}/{event}",
        name=event,
        start_ns=record.time_ns - duration_ns,
        end_ns=record.time_ns,
        scope=record.scope,
        attributes=facts,
        resource=record.resource,
        trace_id=record.trace_id,
        parent_span_id=record.span_id,
        trace_key=session or None,
    )
