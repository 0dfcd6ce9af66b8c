"""A finished answer as the events of a stream, each with what the model had produced by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from spanledger_demo.simulator.counts import Counts, JsonObject
from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.messages import Answer, merged
from spanledger_demo.simulator.tokens import count_text

_CHUNK_CHARACTERS: Final = 24
_CUMULATIVE: Final = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "output_tokens_details",
    "server_tool_use",
    "iterations",
)
"""The usage fields that `message_delta` repeats; the others are only in `message_start`."""


class StreamEvent(NamedTuple):
    """One server-sent event."""

    name: str
    data: JsonObject
    produced: int
    """The output tokens produced up to and with this event."""

    def encode(self) -> bytes:
        """Write the event as it goes over the wire."""
        return f"event: {self.name}\ndata: {json.dumps(self.data)}\n\n".encode()


def stream_events(answer: Answer, asked: Directives) -> Iterator[StreamEvent]:
    """Give the events of one answer in order."""
    message, usage = answer.message, answer.message["usage"]
    total = answer.counts.output_tokens
    start = {**message, "content": [], "stop_reason": None, "usage": _first(answer, asked)}
    yield _event("message_start", 1, message=start)
    yield _event("ping", 1)
    produced = 0
    for index, block in enumerate(message["content"]):
        yield _event(
            "content_block_start", max(1, produced), index=index, content_block=_empty(block)
        )
        for delta, tokens in _deltas(block):
            produced = min(total, produced + tokens)
            yield _event("content_block_delta", max(1, produced), index=index, delta=delta)
        yield _event("content_block_stop", max(1, produced), index=index)
    final = {key: usage[key] for key in _CUMULATIVE if key in usage}
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"]}
    yield _event("message_delta", total, delta=stop, usage=merged(final, asked.usage_delta))
    yield _event("message_stop", total)


def counts_so_far(answer: Answer, produced: int) -> Counts:
    """Count an answer that was left when `produced` output tokens had been made."""
    counts = answer.counts
    output = min(produced, counts.output_tokens)
    return counts._replace(
        output_tokens=output, thinking_tokens=min(output, counts.thinking_tokens)
    )


def _event(name: str, produced: int, **fields: Any) -> StreamEvent:
    return StreamEvent(name, {"type": name, **fields}, produced)


def _first(answer: Answer, asked: Directives) -> JsonObject:
    """Write the usage of `message_start`: the prompt is known, the output a placeholder."""
    late = ("output_tokens_details", "server_tool_use", "iterations")
    usage = {key: value for key, value in answer.message["usage"].items() if key not in late}
    placeholder = {"input_tokens": answer.prompt_tokens, "output_tokens": 1}
    return merged({**usage, **placeholder}, asked.usage_start)


def _empty(block: JsonObject) -> JsonObject:
    """Strip a block to what `content_block_start` shows of it."""
    blank: JsonObject = {"text": "", "thinking": "", "signature": ""}
    if block["type"] in ("tool_use", "server_tool_use"):
        blank = {"input": {}}
    return {key: blank.get(key, value) for key, value in block.items()}


def _deltas(block: JsonObject) -> Iterator[tuple[JsonObject, int]]:
    kind = block["type"]
    if kind == "text":
        for piece in _pieces(block["text"]):
            yield {"type": "text_delta", "text": piece}, count_text(piece)
    elif kind == "thinking":
        for piece in _pieces(block["thinking"]):
            yield {"type": "thinking_delta", "thinking": piece}, count_text(piece)
        yield {"type": "signature_delta", "signature": block["signature"]}, 0
    elif kind in ("tool_use", "server_tool_use"):
        for piece in _pieces(json.dumps(block["input"])):
            tokens = count_text(piece) if kind == "tool_use" else 0
            yield {"type": "input_json_delta", "partial_json": piece}, tokens


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), _CHUNK_CHARACTERS):
        yield text[start : start + _CHUNK_CHARACTERS]
