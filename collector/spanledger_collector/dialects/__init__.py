"""One module a dialect; each reads what one kind of sender sends and says which calls that was.

To add a dialect, write a module with a function `Span -> Call | None`, and name its scope in
`_BY_SCOPE` or `_BY_PREFIX` and its rank in `sources.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from spanledger import semconv
from spanledger_collector.dialects import (
    anthropic_sdk,
    anthropic_server,
    claude_code_events,
    claude_code_metrics,
    claude_code_spans,
    generic,
    logfire,
    names,
    openinference,
    openlit,
    openllmetry,
    otel_genai,
    spanledger,
)
from spanledger_collector.dialects.attribution import attributed
from spanledger_collector.dialects.call import Absurd, Call
from spanledger_collector.dialects.reports import Report
from spanledger_collector.spans import LogRecord, MetricPoint, Span

__all__ = [
    "SCOPES",
    "Absurd",
    "Call",
    "Report",
    "check_point",
    "read_call",
    "read_event",
    "read_totals",
    "tells_calls",
]

Reader = Callable[[Span], "Call | None"]

_BY_SCOPE: Final[Mapping[str, Reader]] = {
    "com.anthropic.claude-platform": anthropic_server.read,
    "com.anthropic.claude_code.tracing": claude_code_spans.read,
    "logfire.anthropic": logfire.read,
    openinference.SCOPE: openinference.read,
    "opentelemetry.instrumentation.anthropic": openllmetry.read,
    "opentelemetry.instrumentation.genai.anthropic": otel_genai.read,
    "openlit.instrumentation.anthropic": openlit.read,
}
_BY_PREFIX: Final[Mapping[str, Reader]] = {
    "com.anthropic.sdk.": anthropic_sdk.read,
}
SCOPES: Final = (
    semconv.SCOPE,
    claude_code_events.SCOPE,
    *_BY_SCOPE,
    *(f"{prefix}*" for prefix in _BY_PREFIX),
)
"""The scopes that are known by name; a star stands for any ending."""


def read_call(span: Span) -> Call | None:
    """Say which Claude API call a span was; None when it was none, or none we know how to read.

    Raises:
        Absurd: it claims to be a call, with values no call can have.
    """
    if span.scope == semconv.SCOPE:
        return spanledger.read(span)
    reader = _BY_SCOPE.get(span.scope) or _reader_of(span)
    call = None if reader is None else reader(span)
    return call and attributed(call, span.attributes, span.resource)


def _reader_of(span: Span) -> Reader | None:
    """Choose by how the scope begins, and for an unknown one by what its attributes tell."""
    for prefix, reader in _BY_PREFIX.items():
        if span.scope.startswith(prefix):
            return reader
    if names.SPAN_KIND in span.attributes:
        return openinference.read
    return generic.read if generic.tells_tokens(span.attributes) else None


def read_event(record: LogRecord) -> Report | None:
    """Say which Claude API call a log record tells of; None when it tells of none.

    Raises:
        Absurd: it claims to, with values no call can have.
    """
    return claude_code_events.read(record) if tells_calls(record) else None


def tells_calls(record: LogRecord) -> bool:
    """Whether a log record is of those that may tell of calls, by its scope."""
    return record.scope == claude_code_events.SCOPE


def check_point(point: MetricPoint) -> None:
    """See whether a metric point can be what its metric says.

    Raises:
        Absurd: it cannot.
    """
    claude_code_metrics.check(point)


def read_totals(points: Iterable[MetricPoint]) -> Iterator[Report]:
    """Make out the usage that metrics add up; `check_point` has seen the points."""
    return claude_code_metrics.read(points)
