"""Where calls go, and how one begins: from the SDK's request options to a started `Call`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Tracer, TracerProvider

from . import semconv
from .account import Account
from .asked import Asked, body_attributes, road, tag_attributes
from .attributes import Attributes
from .batches import BatchResults, ResultsRequest, results_of
from .call import Call
from .content import Capture
from .metrics import CallMetrics
from .native import native_provider
from .recording import Live
from .tags import current_tags

if TYPE_CHECKING:
    from .late import Origin


class Pipeline(NamedTuple):
    """Where spans go, and what else is recorded."""

    tracer: Tracer
    current: bool
    """Whether our span is the current one during the request, in place of the SDK's native span."""
    metrics: CallMetrics | None = None
    capture: Capture | None = None
    baggage: tuple[str, ...] = ()
    """W3C baggage entries that become tags."""
    provider: TracerProvider | None = None
    """The provider of the tracer; None for the global one."""
    late: Origin | None = None
    """Where spans of model requests come from, if nobody has to see them before they are over."""

    def start(self, client: Any, options: Any) -> Call:
        """Start a call, which will end itself."""
        asked, shared = self._asked(client, options)
        account = Account(asked, self.capture)
        # A redaction hook is the caller's code, and runs in the caller's thread.
        if self.late is not None and account.is_model_request and self.capture is None:
            return Call(account, self.late.recorder())
        span = self.tracer.start_span(
            asked.span_name,
            kind=SpanKind.CLIENT,
            attributes=asked.attributes,
            start_time=asked.started_ns,
            record_exception=False,
            set_status_on_exception=False,
        )
        call = Call(account, Live(span, self.metrics))
        if self.current:
            self._take_over(call, span, client)
        batch_id = asked.attributes.get(semconv.BATCH_ID)
        if isinstance(batch_id, str):
            request = ResultsRequest(batch_id, asked.provider, asked.server_address, shared)
            call.results = BatchResults(self.tracer, request, span)
        return call

    def _asked(self, client: Any, options: Any) -> tuple[Asked, Attributes]:
        """What the request says, and what of it holds for the results of a batch as well."""
        what, vendor, known = road(options.method, options.url, client.__class__)
        url, body = client.base_url, options.json_data
        shared: Attributes = {semconv.SERVER_ADDRESS: url.host}
        if url.port:
            shared[semconv.SERVER_PORT] = url.port
        if tags := current_tags(self.baggage):
            shared.update(tag_attributes(tags))
        attributes = {**known, **shared}
        if what.name is None:
            batch_id = results_of(options.url)
            if batch_id is not None:
                attributes[semconv.BATCH_ID] = batch_id
        else:
            attributes.update(body_attributes(body))
            if self.capture is not None and what.name == semconv.CHAT:
                attributes.update(self.capture.request(body))
        model = attributes.get(semconv.REQUEST_MODEL)
        named = model if isinstance(model, str) else None
        return Asked(what, vendor, named, url.host, time.time_ns(), attributes), shared

    def _take_over(self, call: Call, span: trace.Span, client: Any) -> None:
        """Let our span stand for the SDK's, unless that one is for somebody else.

        A client whose spans go to another provider than ours keeps them, and they stay the current
        ones; otherwise that provider's traces would lose their calls, and nest under spans it never
        sees.
        """
        theirs = native_provider(client)
        if theirs is not None:
            ours = trace.get_tracer_provider() if self.provider is None else self.provider
            call.replaces_native = theirs is ours
        if theirs is None or call.replaces_native:
            call.current = trace.set_span_in_context(span)
