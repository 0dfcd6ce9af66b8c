"""From what was sent to what the store keeps: calls priced anew, the rest as it came. Pure.

Whatever cannot be is kept apart, with the reason, and never costs its neighbours anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from spanledger import semconv
from spanledger.pricing import PriceBook
from spanledger_collector.accounting import call_row, parent_of
from spanledger_collector.dialects import (
    Absurd,
    Call,
    Report,
    check_point,
    read_call,
    read_event,
    read_totals,
    tells_calls,
)
from spanledger_collector.dialects.content import without_content
from spanledger_collector.dialects.reading import MAX_TEXT, UNKNOWN_SERVICE, text
from spanledger_collector.evidence import evidence_of
from spanledger_collector.json_text import as_json
from spanledger_collector.metric_points import is_known, point_row
from spanledger_collector.rows import QuarantineRow, Rows, SpanRow
from spanledger_collector.spans import LogRecord, MetricPoint, Span, Unreadable

__all__ = ["book", "book_logs", "book_points"]

R = TypeVar("R", Span, LogRecord, MetricPoint)

EARLIEST_NS: Final = 1_577_836_800_000_000_000
"""2020-01-01: older than any Claude API call, so an older start is a broken clock."""
AHEAD_NS: Final = 86_400 * 10**9
"""How far a sender's clock may run ahead of ours."""
_WHOLE_EVIDENCE: Final = 100
"""Refused records of a request that are kept with all of their resource: each repeats it."""
_NAMELESS: Final = "(no name)"
_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_STATUSES = ("unset", "ok", "error")


def book(
    spans: Iterable[Span | Unreadable],
    now_ns: int,
    prices: PriceBook,
    team: str | None = None,
    rows: Rows | None = None,
) -> Rows:
    """Enter spans: those of calls as calls, the others as spans.

    Args:
        spans: as they were sent.
        now_ns: the time, which nothing may be far ahead of.
        prices: what calls are priced by.
        team: whom the sender's token belongs to, whatever it claims.
        rows: what the same request gave before, to be added to.
    """
    page = _Page(Rows.none() if rows is None else rows, now_ns, prices, team)
    for span in page.readable(spans):
        page.take_span(span)
    return page.rows


def book_logs(
    records: Iterable[LogRecord | Unreadable],
    now_ns: int,
    prices: PriceBook,
    team: str | None = None,
) -> Rows:
    """Enter log records that report calls; of the others nothing is kept but their names."""
    page = _Page(Rows.none(), now_ns, prices, team)
    for record in page.readable(records):
        page.take_record(record)
    return page.rows


def book_points(
    points: Iterable[MetricPoint | Unreadable],
    now_ns: int,
    prices: PriceBook,
    team: str | None = None,
) -> Rows:
    """Enter the points of metrics that we know, and the usage that some of them add up."""
    page = _Page(Rows.none(), now_ns, prices, team)
    known = [point for point in page.readable(points) if page.took_point(point)]
    for report in read_totals(known):
        page.take_report(report)
    return page.rows


class _Page(NamedTuple):
    """What a request is entered on."""

    rows: Rows
    now_ns: int
    prices: PriceBook
    team: str | None

    def readable(self, records: Iterable[R | Unreadable]) -> Iterator[R]:
        """Yield what can be read; the rest is refused, but for what would not be kept anyway."""
        for record in records:
            if not isinstance(record, Unreadable):
                yield record
            elif (name := _another(record.record)) is not None:
                self.rows.dropped.append(name)
            else:
                self._refuse(record.record, Absurd("unreadable", record.detail))

    def take_span(self, span: Span) -> None:
        try:
            _check(span, self.now_ns)
            call = read_call(span)
            if call is None:
                self.rows.spans.append(_span_row(span))
            else:
                self._enter(span, call)
        except Absurd as absurd:
            self._refuse(span, absurd)

    def take_record(self, record: LogRecord) -> None:
        try:
            report = read_event(record)
        except Absurd as absurd:
            self._refuse(record, absurd)
            return
        if report is None:
            self.rows.dropped.append(_name(record))
        else:
            self.take_report(report)

    def took_point(self, point: MetricPoint) -> bool:
        if not is_known(point):
            self.rows.dropped.append(point.name[:MAX_TEXT] or _NAMELESS)
            return False
        try:
            _check_time(point.time_ns, self.now_ns)
            _check_time(point.start_ns or point.time_ns, self.now_ns)
            check_point(point)
            self.rows.points.append(point_row(point))
        except Absurd as absurd:
            self._refuse(point, absurd)
            return False
        return True

    def take_report(self, report: Report) -> None:
        try:
            _check(report.span, self.now_ns)
            self._enter(report.span, report.call)
        except Absurd as absurd:
            self._refuse(report.span, absurd)

    def _enter(self, span: Span, call: Call) -> None:
        call = call if self.team is None else call._replace(team=self.team)
        self.rows.calls.append(call_row(span, call, self.prices))

    def _refuse(self, record: Span | LogRecord | MetricPoint, absurd: Absurd) -> None:
        if len(self.rows.quarantine) >= _WHOLE_EVIDENCE:
            service = text(record.resource, semconv.SERVICE_NAME)
            record = record._replace(resource={semconv.SERVICE_NAME: service} if service else {})
        refused = QuarantineRow(absurd.reason, absurd.detail, evidence_of(record))
        self.rows.quarantine.append(refused)


def _another(record: Span | LogRecord | MetricPoint) -> str | None:
    """The name of a record that surely reports no Claude usage; None for any other."""
    if isinstance(record, MetricPoint):
        return record.name[:MAX_TEXT] if record.name and not is_known(record) else None
    if isinstance(record, LogRecord):
        return _name(record) if record.scope and not tells_calls(record) else None
    return None


def _name(record: LogRecord) -> str:
    named = text(record.attributes, "event.name") or record.event_name
    return (named or record.scope or _NAMELESS)[:MAX_TEXT]


def _check(span: Span, now_ns: int) -> None:
    if len(span.trace_id) != 16 or not any(span.trace_id):
        raise Absurd("bad_trace_id", "a trace id is 16 bytes that are not all zero")
    if len(span.span_id) != 8 or not any(span.span_id):
        raise Absurd("bad_span_id", "a span id is 8 bytes that are not all zero")
    if len(span.parent_span_id) not in {0, 8}:
        raise Absurd("bad_span_id", "a parent span id is 8 bytes, or empty")
    _check_time(span.start_ns, now_ns)
    if not span.start_ns <= span.end_ns <= now_ns + AHEAD_NS:
        raise Absurd("bad_time", f"started at {span.start_ns}, it cannot end at {span.end_ns} ns")


def _check_time(at_ns: int, now_ns: int) -> None:
    if not EARLIEST_NS <= at_ns <= now_ns + AHEAD_NS:
        raise Absurd(
            "bad_time",
            f"{at_ns} ns since 1970 is before 2020 or more than a day ahead",
        )


def _span_row(span: Span) -> SpanRow:
    return SpanRow(
        trace_id=span.trace_id,
        span_id=int.from_bytes(span.span_id, "big"),
        parent_span_id=parent_of(span),
        name=span.name[:MAX_TEXT],
        kind=_named(_KINDS, span.kind),
        start_time=span.start_ns // 1000,
        duration_ns=span.end_ns - span.start_ns,
        status=_named(_STATUSES, span.status),
        service=text(span.resource, semconv.SERVICE_NAME) or UNKNOWN_SERVICE,
        scope=span.scope[:MAX_TEXT],
        attributes=as_json(without_content(span.attributes)),
    )


def _named(names: tuple[str, ...], number: int) -> str:
    return names[number] if 0 <= number < len(names) else names[0]
