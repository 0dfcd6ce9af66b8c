"""From the SDK's responses and stream events to one `Usage`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pricing import Usage, UsageError, usage_from_api


class UsageFold:
    """Folds what a call's response tells, whole or event by event, into its final facts.

    `message_delta.usage` is cumulative: its fields overwrite those of `message_start` and never add
    to them; what it leaves out keeps its first value (Anthropic streaming docs).
    """

    def __init__(self) -> None:
        self.message_id: str | None = None
        self.model: str | None = None
        self.stop_reason: str | None = None
        self.cache_miss_reason: str | None = None
        """Why the prompt cache could not be reused, when the request asked for the diagnosis."""
        self.cache_missed_tokens: int | None = None
        self.raw: dict[str, Any] | None = None
        """The API's usage object as far as it is known; None until the API told."""
        self.complete = False
        """Whether the final counts arrived."""
        self.stopped = False
        """Whether a stream's `message_stop` arrived."""

    def message(self, message: object) -> bool:
        """Take a whole message, from the SDK's object or from JSON; says whether it was one."""
        usage = field_of(message, "usage")
        if usage is None:
            return False
        self._identity(message)
        self.raw = _mapping(usage)
        self.complete = True
        return True

    def event(self, event: object) -> str | None:
        """Take one stream event; returns its type."""
        kind = field_of(event, "type")
        if kind == "message_start":
            message = field_of(event, "message")
            self._identity(message)
            usage = field_of(message, "usage")
            self.raw = None if usage is None else _mapping(usage)
        elif kind == "message_delta":
            self._delta(event)
        elif kind == "message_stop":
            self.stopped = True
        elif kind == "content_block_start":
            self._fallback(field_of(event, "content_block"))
        return kind if isinstance(kind, str) else None

    def usage(self) -> Usage | None:
        """The usage so far; None when the API told nothing, or counts that nobody can read."""
        try:
            return None if self.raw is None else usage_from_api(self.raw)
        except UsageError:
            return None  # unknown, not zero

    def _identity(self, message: object) -> None:
        self.message_id = text_of(message, "id")
        self.model = text_of(message, "model")
        self.stop_reason = text_of(message, "stop_reason")
        if (diagnostics := field_of(message, "diagnostics")) is not None:
            miss = field_of(diagnostics, "cache_miss_reason")
            missed = field_of(miss, "cache_missed_input_tokens")
            self.cache_miss_reason = text_of(miss, "type")
            self.cache_missed_tokens = missed if isinstance(missed, int) else None

    def _delta(self, event: object) -> None:
        stop_reason = text_of(field_of(event, "delta"), "stop_reason")
        self.stop_reason = stop_reason or self.stop_reason
        usage = field_of(event, "usage")
        if usage is None:
            return
        given = {key: value for key, value in _mapping(usage).items() if value is not None}
        self.raw = {**(self.raw or {}), **given}
        self.complete = True

    def _fallback(self, block: object) -> None:
        """A mid-stream fallback hands over to another model, which serves from here on."""
        if field_of(block, "type") == "fallback":
            self.model = text_of(field_of(block, "to"), "model") or self.model


def field_of(source: object, name: str) -> Any:
    """Read a field of one of the SDK's objects or of JSON; None when it is not there."""
    if isinstance(source, dict):
        return source.get(name)
    return getattr(source, name, None)


def text_of(source: object, name: str) -> str | None:
    """As `field_of`, for texts."""
    value = field_of(source, name)
    return value if isinstance(value, str) else None


def _mapping(model: Any) -> dict[str, Any]:
    """A response model's fields, also those that this version of the SDK does not know."""
    if hasattr(model, "model_dump"):
        dumped: dict[str, Any] = model.model_dump(warnings=False)
        return dumped
    # Or pydantic 1, which older SDKs accept.
    return dict(model) if isinstance(model, Mapping) else dict(model.dict())
