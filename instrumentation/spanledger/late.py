"""Spans of the private pipeline: made once a call is over, by the thread that delivers them.

Nobody sees these spans before they are delivered. So the caller leaves nothing but the facts, and
what they mean and cost is found out for many calls in a row, which takes a third of the time that
it takes amid the SDK's work.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
)

from ._guard import guard
from .account import Account
from .delivery import Delivery

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Origin(NamedTuple):
    """Where late spans come from and go to."""

    provider: TracerProvider
    scope: InstrumentationScope
    delivery: Delivery

    def recorder(self) -> Late:
        """What records a call that starts here and now, under the span that is current."""
        parent = get_current_span().get_span_context()
        return Late(self, parent if parent.is_valid else None)


class Late(NamedTuple):
    """Makes the span of a call that is over."""

    origin: Origin
    parent: SpanContext | None

    def __call__(self, account: Account) -> None:
        """Hand the facts over."""
        self.origin.delivery.take_later(partial(self._span, account))

    def _span(self, account: Account) -> ReadableSpan:
        """The span; with what the request asked for alone, should we fail at its end."""
        asked = account.asked
        attributes = asked.attributes
        with guard:
            attributes = {**attributes, **account.tell().attributes}
        return ReadableSpan(
            asked.span_name,
            self._context(),
            self.parent,
            self.origin.provider.resource,
            attributes,
            kind=SpanKind.CLIENT,
            status=Status(StatusCode.UNSET if account.error_type is None else StatusCode.ERROR),
            start_time=asked.started_ns,
            end_time=account.ended_ns,
            instrumentation_scope=self.origin.scope,
        )

    def _context(self) -> SpanContext:
        """Its ids are drawn only now, since nobody can have asked for them before."""
        parent, ids = self.parent, self.origin.provider.id_generator
        return SpanContext(
            ids.generate_trace_id() if parent is None else parent.trace_id,
            ids.generate_span_id(),
            is_remote=False,
            trace_flags=_SAMPLED,
            trace_state=None if parent is None else parent.trace_state,
        )
