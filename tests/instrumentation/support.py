"""What the instrumentation tests share: requests whose outcome is known, and recorded spans."""

from __future__ import annotations

import gc
import json
import re
from pathlib import Path
from typing import Any

import anthropic
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanledger_demo.simulator import HEADER

_VERSION = tuple(int(part) for part in anthropic.__version__.split(".")[:2])
STREAMS_FORM_CYCLES = _VERSION < (1, 14)
"""Before SDK 1.14 a dropped stream waits for the garbage collector, with or without us."""
COUNTS_RETRIES = _VERSION >= (0, 40)
"""Before SDK 0.40 a request does not say which attempt it is."""

REFERENCE_USAGE: dict[str, Any] = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 1500,
    "cache_read_input_tokens": 4000,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1000},
    "output_tokens": 321,
    "server_tool_use": {"web_search_requests": 2},
    "service_tier": "standard",
}
"""The reference call: on claude-sonnet-4-6 its tokens cost $0.013965, with searches $0.033965."""

REFERENCE_PICODOLLARS = 33_965_000_000

REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1024,
    "messages": [{"role": "user", "content": "What does a span cost?"}],
}


_PAGE = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text(encoding="utf-8")
_TYPES: dict[str, type] = {"s": str, "i": int, "d": float, "b": bool, "s[]": tuple}
DOCUMENTED = dict(re.findall(r"^\| `([a-z0-9_]+\.[a-z0-9_.]+)` \| (\S+) \|", _PAGE, re.MULTILINE))
"""The type of each attribute, as the documentation has it."""


def is_ours(span: ReadableSpan) -> bool:
    """Whether the library made it."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name == "spanledger"


def undocumented(span: ReadableSpan) -> dict[str, object]:
    """Attributes that the documentation does not have, or has with another type."""
    return {
        name: value
        for name, value in (span.attributes or {}).items()
        if not name.startswith(("anthropic.ratelimit.", "spanledger.tag."))
        and type(value) is not _TYPES.get(DOCUMENTED.get(name, ""))
    }


def ask(**directives: Any) -> dict[str, Any]:
    """A request that the simulator answers as told, with the reference usage."""
    header = json.dumps({"usage": REFERENCE_USAGE, **directives})
    return {**REQUEST, "extra_headers": {HEADER: header}}


class Spans:
    """The finished spans, in the order in which they ended."""

    def __init__(self, provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
        self.provider = provider
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        """Every finished span."""
        if STREAMS_FORM_CYCLES:
            gc.collect()
        return list(self._exporter.get_finished_spans())

    def only(self) -> ReadableSpan:
        """The one span there is."""
        [span] = self.all()
        return span

    def attributes(self) -> dict[str, Any]:
        """The attributes of the one span there is."""
        return dict(self.only().attributes or {})
