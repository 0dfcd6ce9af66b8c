"""How a call that is over becomes an OpenTelemetry span of the service's own provider."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.trace import Span, StatusCode

from ._guard import guard
from .account import Account
from .metrics import CallMetrics


class Live(NamedTuple):
    """Ends a span that has been there since the request; nothing waits, since it is not ours."""

    span: Span
    metrics: CallMetrics | None

    def __call__(self, account: Account) -> None:
        """Say all that is known on the span, and end it."""
        span = self.span
        with guard:
            if account.error_type is not None:
                span.set_status(StatusCode.ERROR)
            facts, cost = account.tell()
            if self.metrics is not None and cost is not None:
                self.metrics.record(account.asked.attributes, facts, cost, account.duration_s)
            span.set_attributes(facts)
        span.end(account.ended_ns)
