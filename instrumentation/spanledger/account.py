"""All that is known of one call, and the attributes and the cost that follow from it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from . import semconv
from .asked import Asked
from .attributes import (
    Attributes,
    cost_attributes,
    header_attributes,
    message_attributes,
    usage_attributes,
)
from .content import Capture, Spoken
from .pricing import Cost, Usage, not_billed, price, unpriced
from .usage import UsageFold

Outcome = Literal["completed", "failed", "closed", "dropped", "cancelled"]


class Told(NamedTuple):
    """What a call that is over has to tell."""

    attributes: Attributes
    """Without those of the request."""
    cost: Cost | None
    """None where no model was involved."""


class Account:
    """Filled in as the call goes on; `tell` sums it up once the call is over."""

    __slots__ = (
        "asked",
        "capture",
        "ended_ns",
        "error_type",
        "facts",
        "first_chunk_ns",
        "fold",
        "http_status",
        "is_model_request",
        "outcome",
        "sent",
        "spoken",
    )

    def __init__(self, asked: Asked, capture: Capture | None = None) -> None:
        self.asked = asked
        self.is_model_request = asked.operation.name == semconv.CHAT
        """Whether the call is one that costs tokens."""
        self.fold = UsageFold()
        self.capture = capture
        self.spoken = Spoken() if capture is not None else None
        self.facts: Attributes = {}
        """What is learned on the way; set on the span at once, which is cheaper than one by one."""
        self.http_status: int | None = None
        self.first_chunk_ns: int | None = None
        """When the first piece of content came, where the answer is streamed."""
        self.outcome: Outcome = "completed"
        self.error_type: str | None = None
        self.sent = True
        """Whether the request may have reached the API."""
        self.ended_ns = 0

    def responded(self, status: int, headers: Mapping[str, str], retries: int) -> None:
        """The API answered; after retries, the last answer stands."""
        self.http_status = status
        facts = self.facts
        facts.update(header_attributes(headers))
        facts[semconv.HTTP_STATUS] = status
        if retries:
            facts[semconv.HTTP_RESEND_COUNT] = retries

    def free_answer(self, result: object) -> None:
        """The answer to an operation that uses a model and costs nothing."""
        if isinstance(counted := getattr(result, "input_tokens", None), int):
            self.facts[semconv.COUNTED_TOKENS] = counted
        elif isinstance(batch := getattr(result, "id", None), str):
            self.facts[semconv.BATCH_ID] = batch

    def said(self, content: object) -> None:
        """What the model said, all at once."""
        if self.spoken is not None and isinstance(content, list):
            self.spoken.message(content)

    @property
    def duration_s(self) -> float:
        """From the request's start to the end of its answer."""
        return (self.ended_ns - self.asked.started_ns) / 1e9

    def tell(self) -> Told:
        """The attributes of the call's end, and its cost."""
        facts = self.facts
        facts[semconv.OUTCOME] = self.outcome
        if not self.sent:
            facts[semconv.REQUEST_SENT] = False
        if self.error_type is not None:
            facts[semconv.ERROR_TYPE] = self.error_type
        if self.asked.operation.name is None:
            return Told(facts, None)
        fold = self.fold
        usage = fold.usage() if self.is_model_request else None
        if usage is not None:
            facts.update(usage_attributes(usage, fold.raw or {}))
            facts[semconv.USAGE_COMPLETE] = fold.complete
        facts.update(message_attributes(fold))
        if self.first_chunk_ns is not None:
            self._tell_speed(facts, usage)
        if self.capture is not None and self.spoken is not None:
            facts.update(self.capture.answer(self.spoken.content(), fold.stop_reason))
        cost = self._cost(usage)
        facts.update(cost_attributes(cost))
        return Told(facts, cost)

    def _tell_speed(self, facts: Attributes, usage: Usage | None) -> None:
        """How fast the answer came, once it came whole."""
        first_chunk_ns = self.first_chunk_ns or 0
        facts[semconv.TIME_TO_FIRST_CHUNK] = (first_chunk_ns - self.asked.started_ns) / 1e9
        spoke_s = (self.ended_ns - first_chunk_ns) / 1e9
        if self.outcome == "completed" and usage is not None and spoke_s > 0:
            facts[semconv.OUTPUT_TOKENS_PER_SECOND] = usage.output_tokens / spoke_s

    def _cost(self, usage: Usage | None) -> Cost:
        asked, fold = self.asked, self.fold
        model = fold.model or asked.model
        if not self.is_model_request:
            return not_billed(model, "not_a_model_request")
        if not self.sent:
            return not_billed(model, "not_connected")
        if self.http_status is not None and self.http_status >= 400:
            return not_billed(model, "request_failed")
        if model is None:
            return unpriced("unknown_model")
        return price(
            model,
            usage,
            at_ns=asked.started_ns,
            provider=asked.provider,
            stop_reason=fold.stop_reason,
            complete=fold.complete,
            request_model=asked.model,
            server_address=asked.server_address,
        )
