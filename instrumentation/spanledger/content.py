"""Opt-in capture of what a model was told and said, with redaction and size caps. Pure.

The form is that of the GenAI conventions: messages of parts, as JSON text. Nothing is captured
unless `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` asks for it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from . import semconv
from ._guard import guard

Redact = Callable[[str, Any], Any]
"""Sees each attribute's name and its structure before it is recorded; what it returns is recorded
instead, and None leaves it out. If it fails, nothing is recorded."""

CAPTURE_VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
MAX_TEXT = 16_384
"""Characters of one text; what is longer is cut, and says so."""
MAX_ATTRIBUTE = 262_144
"""Characters of one attribute; what is longer is left out whole, because cut JSON is no JSON."""

_ON = frozenset({"span_only", "span_and_event"})
_MEDIA = frozenset({"image", "document"})


def capture_from_environment(redact: Redact | None = None) -> Capture | None:
    """The capture that the standard variable asks for; None for `NO_CONTENT` and anything unknown.

    `EVENT_ONLY` asks for log events, which this library does not emit, so it captures nothing.
    """
    wanted = os.environ.get(CAPTURE_VARIABLE, "").strip().lower()
    return Capture(redact) if wanted in _ON else None


class Capture:
    """Turns requests and answers into content attributes."""

    def __init__(self, redact: Redact | None = None) -> None:
        self._redact = redact

    def request(self, body: object) -> dict[str, str]:
        """What the model is told: messages, system instructions and tool definitions."""
        if not isinstance(body, Mapping):
            return {}
        told = {
            semconv.INPUT_MESSAGES: _messages(body.get("messages")),
            semconv.SYSTEM_INSTRUCTIONS: _parts(body.get("system")),
            semconv.TOOL_DEFINITIONS: _tools(body.get("tools")),
        }
        return self._recorded(told)

    def answer(self, content: list[Mapping[str, Any]], stop_reason: str | None) -> dict[str, str]:
        """What the model said."""
        if not content:
            return {}
        message: dict[str, Any] = {"role": "assistant", "parts": _parts(content)}
        if stop_reason:
            message["finish_reason"] = stop_reason
        return self._recorded({semconv.OUTPUT_MESSAGES: [message]})

    def _recorded(self, structures: Mapping[str, Any]) -> dict[str, str]:
        recorded = {}
        for name, structure in structures.items():
            if not structure:
                continue
            with guard:
                kept = structure if self._redact is None else self._redact(name, structure)
                text = None if kept is None else json.dumps(kept, ensure_ascii=False, default=str)
                if text is not None and len(text) <= MAX_ATTRIBUTE:
                    recorded[name] = text
        return recorded


class Spoken:
    """The content of an answer, whole or put together from a stream's events."""

    def __init__(self) -> None:
        self.blocks: dict[int, Mapping[str, Any]] = {}

    def content(self) -> list[Mapping[str, Any]]:
        """The blocks so far, in order."""
        return [self.blocks[index] for index in sorted(self.blocks)]

    def message(self, content: list[Any]) -> None:
        """Take the blocks of a whole message."""
        self.blocks = dict(enumerate(map(_plain, content)))

    def event(self, kind: str | None, event: Any) -> None:
        """Take one event."""
        if kind == "content_block_start":
            self.blocks[event.index] = _plain(event.content_block)
        elif kind == "content_block_delta" and event.index in self.blocks:
            self.blocks[event.index] = _extended(self.blocks[event.index], _plain(event.delta))


def _extended(block: Mapping[str, Any], delta: Mapping[str, Any]) -> Mapping[str, Any]:
    extended = dict(block)
    for source, target in (("text", "text"), ("thinking", "thinking"), ("partial_json", "json")):
        if isinstance(piece := delta.get(source), str):
            extended[target] = (extended.get(target) or "") + piece
    return extended


def _messages(messages: object) -> list[dict[str, Any]]:
    """Only lists are read: anything else may be an iterator, which reading would use up."""
    if not isinstance(messages, (list, tuple)):
        return []
    return [
        {"role": plain.get("role"), "parts": _parts(plain.get("content"))}
        for plain in map(_plain, messages)
    ]


def _tools(tools: object) -> list[dict[str, Any]]:
    if not isinstance(tools, (list, tuple)):
        return []
    return [
        {
            "type": "function",
            "name": plain.get("name"),
            "description": _cut(plain.get("description")),
            "parameters": plain.get("input_schema"),
        }
        for plain in map(_plain, tools)
    ]


def _parts(content: object) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "content": _cut(content)}]
    if not isinstance(content, (list, tuple)):
        return []
    return [_part(_plain(block)) for block in content]


def _part(block: Mapping[str, Any]) -> dict[str, Any]:
    kind = block.get("type")
    if kind == "text":
        return {"type": "text", "content": _cut(block.get("text"))}
    if kind == "thinking":
        return {"type": "reasoning", "content": _cut(block.get("thinking"))}
    if kind in ("tool_use", "server_tool_use"):
        arguments = block.get("json") or block.get("input")
        return {
            "type": "tool_call",
            "id": block.get("id"),
            "name": block.get("name"),
            "arguments": _cut(arguments) if isinstance(arguments, str) else arguments,
        }
    if kind == "tool_result":
        response = block.get("content")
        told = _cut(response) if isinstance(response, str) else _parts(response)
        return {"type": "tool_call_response", "id": block.get("tool_use_id"), "response": told}
    if kind in _MEDIA:
        source = _plain(block.get("source") or {})
        return {"type": "blob", "modality": kind, "mime_type": source.get("media_type")}
    return {"type": str(kind)}


def _plain(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    if hasattr(value, "model_dump"):
        dumped: Mapping[str, Any] = value.model_dump(warnings=False)
        return dumped
    return {}


def _cut(text: Any) -> Any:
    if isinstance(text, str) and len(text) > MAX_TEXT:
        return f"{text[:MAX_TEXT]}… [cut, {len(text):,} characters]"
    return text
