"""The results of a message batch: each becomes a span of its own as the caller reads it.

A batch is paid for by its results, and they may be read twice: by a retry, or days later in another
process. So a result's span has ids and a time that follow from the batch alone, and every reading
of it is the same span again, which a ledger counts once.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, closing
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer

from . import semconv
from ._guard import guard
from .attributes import (
    Attributes,
    cost_attributes,
    header_attributes,
    message_attributes,
    usage_attributes,
)
from .chosen_ids import ChosenIds, tracer_with
from .pricing import Cost, Usage, not_billed, price
from .usage import UsageFold, field_of, text_of

_PATH = re.compile(r"/v1/messages/batches/([^/]+)/results$")
_OUTCOMES = {"succeeded": "completed", "canceled": "cancelled"}
_FREE = frozenset({"errored", "canceled", "expired"})
_OWNER = (semconv.ORGANIZATION_ID, semconv.WORKSPACE_ID)
"""Not the request id: that one is the reading's, and would make two of one result."""
_MAX_BATCHES = 4096
_MAX_LINE_BYTES = 8 * 2**20

_ended_ns: dict[str, int] = {}
"""When batches ended, as their own answers said; the SDK asks before it fetches any results."""
_lock = threading.Lock()


def results_of(url: str) -> str | None:
    """The id of the batch whose results a request is for; None for any other request."""
    match = _PATH.search(urlsplit(url).path)
    return match[1] if match else None


def note_batch(answer: object) -> None:
    """Remember when a batch ended, if this answer is a batch that has."""
    batch_id = text_of(answer, "id")
    ended = field_of(answer, "ended_at")
    if batch_id is None or not isinstance(ended, datetime):
        return
    with _lock:
        _ended_ns.pop(batch_id, None)
        _ended_ns[batch_id] = round(ended.timestamp() * 1000) * 1_000_000
        while len(_ended_ns) > _MAX_BATCHES:
            del _ended_ns[next(iter(_ended_ns))]


class ResultsRequest(NamedTuple):
    """What a request for results says about all of them."""

    batch_id: str
    provider: str
    server_address: str | None
    attributes: Attributes
    """The caller's tags and where the request went."""


class BatchResults:
    """The results that one request reads, in the order in which the caller reads them."""

    def __init__(self, tracer: Tracer, request: ResultsRequest, request_span: Span) -> None:
        self.decoded = False
        """Whether the SDK decodes the body, so that its bytes need no second look."""
        self._tracer = tracer
        self._request = request
        self._shared = request.attributes
        self._link = Link(request_span.get_span_context())
        self._ended_ns = _ended_ns.get(request.batch_id, time.time_ns())
        self._rest = b""
        self._by_bytes = False

    def served_by(self, headers: Mapping[str, str]) -> None:
        """The API answered: its headers say whose batch it is."""
        told = header_attributes(headers)
        owner = {name: told[name] for name in _OWNER if name in told}
        self._shared = {**self._shared, **owner}

    def watch(self, source: Any) -> Iterator[Any]:
        """Pass on what the SDK decodes, one result at a time."""
        self.decoded = True
        with closing(source):
            for result in source:
                self._show(result)
                yield result

    async def watch_async(self, source: Any) -> AsyncIterator[Any]:
        """As `watch`, for the async client."""
        self.decoded = True
        async with aclosing(source):
            async for result in source:
                self._show(result)
                yield result

    def take(self, chunk: bytes) -> None:
        """Bytes of a body that the caller reads by other means."""
        self._by_bytes = True
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _MAX_LINE_BYTES:
            self._rest = b""
        for line in lines:
            if line.strip():
                self._record(json.loads(line))

    def _show(self, result: object) -> None:
        if not self._by_bytes:
            with guard:
                self._record(result)

    def _record(self, line: object) -> None:
        custom_id = text_of(line, "custom_id")
        result = field_of(line, "result")
        kind = text_of(result, "type")
        if custom_id is None or kind is None:
            return
        fold = UsageFold()
        if kind == "succeeded":
            fold.message(field_of(result, "message"))
        span = self._start(custom_id, fold.model)
        if span.is_recording():
            error_type = _error_type(kind, result)
            span.set_status(StatusCode.ERROR if error_type else StatusCode.UNSET)
            span.set_attributes(self._facts(custom_id, kind, error_type, fold))
        span.end(self._ended_ns)

    def _start(self, custom_id: str, model: str | None) -> Span:
        ids = ChosenIds.of(self._request.batch_id, custom_id)
        return tracer_with(ids, self._tracer).start_span(
            f"{semconv.CHAT} {model}" if model else semconv.CHAT,
            context=trace.set_span_in_context(trace.INVALID_SPAN),
            kind=SpanKind.CLIENT,
            attributes=self._shared,
            links=[self._link],
            start_time=self._ended_ns,
        )

    def _facts(
        self, custom_id: str, kind: str, error_type: str | None, fold: UsageFold
    ) -> Attributes:
        facts: Attributes = {
            semconv.OPERATION_NAME: semconv.CHAT,
            semconv.PROVIDER_NAME: self._request.provider,
            semconv.BATCH_ID: self._request.batch_id,
            semconv.BATCH_CUSTOM_ID: custom_id[:256],
            semconv.BATCH_RESULT: kind,
            semconv.OUTCOME: _OUTCOMES.get(kind, "failed"),
        }
        if error_type is not None:
            facts[semconv.ERROR_TYPE] = error_type
        usage = _usage(fold)
        if usage is not None:
            facts.update(usage_attributes(usage, fold.raw or {}))
            facts[semconv.USAGE_COMPLETE] = True
        facts.update(message_attributes(fold))
        facts.update(cost_attributes(self._cost(kind, fold, usage)))
        return facts

    def _cost(self, kind: str, fold: UsageFold, usage: Usage | None) -> Cost:
        if kind in _FREE:
            return not_billed(None, f"batch_{kind}")
        return price(
            fold.model or "",
            usage,
            at_ns=self._ended_ns,
            provider=self._request.provider,
            stop_reason=fold.stop_reason,
            server_address=self._request.server_address,
        )


def _usage(fold: UsageFold) -> Usage | None:
    usage = fold.usage()
    # What a batch answered was answered at the batch's price, also where the API leaves that out.
    return usage and usage._replace(service_tier=usage.service_tier or "batch")


def _error_type(kind: str, result: object) -> str | None:
    if kind in _OUTCOMES:
        return None
    return text_of(field_of(field_of(result, "error"), "error"), "type") or kind
