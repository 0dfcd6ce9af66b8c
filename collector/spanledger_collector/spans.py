"""The neutral records that every encoding decodes to and every dialect reads; no encoding here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias, Union

__all__ = ["Attributes", "LogRecord", "MetricPoint", "Span", "Unreadable", "Value"]

Value: TypeAlias = Union[str, bool, int, float, bytes, "list[Value]", "dict[str, Value]", None]
Attributes: TypeAlias = Mapping[str, Value]


class Span(NamedTuple):
    """One OTLP span as it was sent, before anything about it is believed."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    name: str
    kind: int
    start_ns: int
    end_ns: int
    status: int
    attributes: Attributes
    scope: str
    resource: Attributes
    status_message: str = ""


class LogRecord(NamedTuple):
    """One OTLP log record as it was sent."""

    trace_id: bytes
    """Empty where the record belongs to no trace."""
    span_id: bytes
    time_ns: int
    """When it happened, else when it was seen; 0 when it says neither."""
    event_name: str
    body: Value
    attributes: Attributes
    scope: str
    resource: Attributes


class MetricPoint(NamedTuple):
    """One data point of a metric as it was sent."""

    name: str
    unit: str
    kind: str
    """`sum`, `gauge`, `histogram`, `exponential_histogram` or `summary`."""
    temporality: str | None
    """`delta` or `cumulative`; None where the kind has none or the sender does not say."""
    start_ns: int
    """0 when it is not known."""
    time_ns: int
    value: float
    """Of a histogram or summary the sum."""
    observations: int | None
    """Of a histogram or summary, how many."""
    attributes: Attributes
    scope: str
    resource: Attributes


class Unreadable(NamedTuple):
    """A record of which something cannot be read, so that nothing of it is believed."""

    record: Span | LogRecord | MetricPoint
    """What could be read of it; the rest is as if it had not been sent."""
    detail: str
    """What is wrong with it; quotes no value."""
