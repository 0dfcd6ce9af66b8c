"""Why a model stopped, in whatever form it is told → the API's stop reasons; pure."""

from __future__ import annotations

from typing import Final

import orjson

from spanledger_collector.dialects import names
from spanledger_collector.dialects.reading import MAX_TEXT
from spanledger_collector.spans import Attributes, Value

__all__ = ["CUT", "stop_reason_of"]

CUT: Final = "error"
"""What stands for a stop reason where a stream was cut."""
_OF_OTHERS: Final = {
    "length": "max_tokens",
    "tool_call": "tool_use",
    "tool_calls": "tool_use",
    "tool-calls": "tool_use",
    "content_filter": "refusal",
    "content-filter": "refusal",
}
"""`stop` stays as it is: it may have been `end_turn`, `stop_sequence` or `pause_turn`."""


def stop_reason_of(facts: Attributes) -> str | None:
    """Read the stop reason: a text, a list, or a list as JSON text; an empty one is none."""
    for name in names.FINISH_REASON:
        found = _first_text(facts.get(name))
        if found:
            return _OF_OTHERS.get(found, found)[:MAX_TEXT]
    return None


def _first_text(value: Value) -> str | None:
    if isinstance(value, str) and value.startswith("["):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value if isinstance(value, str) else None
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, str) else None
