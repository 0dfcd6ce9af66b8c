"""Telemetry as others really emit it, recorded in `fixtures/`, and spans made up in their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spanledger.pricing import price_book
from spanledger_collector.ledger import book, book_logs, book_points
from spanledger_collector.receive.otlp_json import (
    points_from_json,
    records_from_json,
    spans_from_json,
)
from spanledger_collector.rows import CallRow, Rows
from spanledger_collector.spans import Span

FIXTURES = Path(__file__).parent / "fixtures"
START_NS = 1_795_165_968_149_000_000
NOW_NS = START_NS + 3600 * 10**9
_KINDS = {"INTERNAL": 1, "SERVER": 2, "CLIENT": 3}
_STATUSES = {"UNSET": 0, "OK": 1, "ERROR": 2}


def recorded_spans(file: str, case: str) -> list[Span]:
    """The spans that a dialect emitted for a call: `a` plain, `c` a stream, `q` a 529."""
    document = json.loads((FIXTURES / "dialects" / f"{file}.json").read_text())
    return [
        Span(
            trace_id=bytes.fromhex(span["trace"]),
            span_id=bytes.fromhex(span["id"]),
            parent_span_id=bytes.fromhex(span["parent"]),
            name=span["name"],
            kind=_KINDS[span["kind"]],
            start_ns=START_NS,
            end_ns=START_NS + round(span["dur_ms"] * 1e6),
            status=_STATUSES[span["status"]],
            attributes=span["attrs"],
            scope=span["scope"],
            resource={"service.name": "shop"},
            status_message=span["desc"],
        )
        for span in document[case]["spans"]
    ]


def claude_code(name: str) -> Rows:
    """What the ledger makes of an export request of Claude Code."""
    body = (FIXTURES / "claude_code" / f"ok_enhanced_{name}.json").read_bytes()
    if name.startswith("logs"):
        return book_logs(records_from_json(body, []), NOW_NS, price_book())
    if name.startswith("metrics"):
        return book_points(points_from_json(body, []), NOW_NS, price_book())
    return book(spans_from_json(body, []), NOW_NS, price_book())


def span_of(scope: str, attributes: dict[str, Any], name: str = "x", **fields: Any) -> Span:
    """A span of a scope."""
    span = Span(
        trace_id=b"t" * 16,
        span_id=b"s" * 8,
        parent_span_id=b"",
        name=name,
        kind=3,
        start_ns=START_NS,
        end_ns=START_NS + 10**9,
        status=0,
        attributes=attributes,
        scope=scope,
        resource={},
    )
    return span._replace(**fields)


def booked(*spans: Span, team: str | None = None) -> Rows:
    """What the ledger makes of spans."""
    return book(spans, NOW_NS, price_book(), team)


def only_call(*spans: Span) -> CallRow:
    """The one call that spans told of."""
    rows = booked(*spans)
    assert not rows.quarantine
    [call] = rows.calls
    return call


def unknown(call: CallRow) -> set[str]:
    """What its source could not tell and could have changed the price."""
    begun = "not_reported:"
    found = {reason[len(begun) :] for reason in call.cost_reasons if reason.startswith(begun)}
    return found | ({"ttl_split"} if "cache_ttl_split_unknown" in call.cost_reasons else set())
