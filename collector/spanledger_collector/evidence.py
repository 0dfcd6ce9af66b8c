"""What was refused, as text to look at: ids in hex, times as sent, no content; pure."""

from __future__ import annotations

from spanledger_collector.dialects.content import without_content
from spanledger_collector.dialects.reading import MAX_TEXT
from spanledger_collector.json_text import as_json
from spanledger_collector.spans import LogRecord, MetricPoint, Span, Value

__all__ = ["evidence_of"]


def evidence_of(record: Span | LogRecord | MetricPoint) -> str:
    """Tell what was sent."""
    return as_json(
        {
            **_place(record),
            "scope": record.scope[:MAX_TEXT],
            "attributes": without_content(record.attributes),
            "resource": without_content(record.resource),
        }
    )


def _place(record: Span | LogRecord | MetricPoint) -> dict[str, Value]:
    if isinstance(record, MetricPoint):
        return {
            "name": record.name[:MAX_TEXT],
            "start_ns": str(record.start_ns),
            "time_ns": str(record.time_ns),
            "value": str(record.value),
        }
    ids: dict[str, Value] = {
        "trace_id": record.trace_id[:64].hex(),
        "span_id": record.span_id[:64].hex(),
    }
    if isinstance(record, LogRecord):
        return {**ids, "name": record.event_name[:MAX_TEXT], "time_ns": str(record.time_ns)}
    return {
        **ids,
        "parent_span_id": record.parent_span_id[:64].hex(),
        "name": record.name[:MAX_TEXT],
        "start_ns": str(record.start_ns),
        "end_ns": str(record.end_ns),
    }
