"""Spans as OTLP bytes, written one after the other; no I/O.

Building protobuf objects for them takes three times as long (measured: 68 µs a span against 21 µs),
and it holds up every other thread of the service meanwhile. What is written here is what calls look
like; of any other span this module says that it does not know it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

_HAS_IS_REMOTE, _IS_REMOTE = 0x100, 0x200
_double = struct.Struct("<d").pack
_times = struct.Struct("<BQBQ").pack
_flags = struct.Struct("<I").pack


class UnknownFormError(Exception):
    """A span holds something that calls do not have."""


def request_of(spans: Sequence[ReadableSpan]) -> bytes:
    """An export request.

    Raises:
        UnknownFormError: One of the spans has another form than those of calls.
    """
    groups: dict[tuple[int, int], list[ReadableSpan]] = {}
    for span in spans:
        origin = (id(span.resource), id(span.instrumentation_scope))
        groups.setdefault(origin, []).append(span)
    return b"".join(_field(b"\x0a", _group(group)) for group in groups.values())


def _group(spans: list[ReadableSpan]) -> bytes:
    """Spans of one resource and scope; the exporter's own code says what those two look like."""
    whole = encode_spans(spans[:1]).resource_spans[0]
    scope = whole.scope_spans[0]
    del scope.spans[:]
    written = scope.SerializeToString() + b"".join(_field(b"\x12", _span(span)) for span in spans)
    del whole.scope_spans[:]
    return whole.SerializeToString() + _field(b"\x12", written)


def _span(span: ReadableSpan) -> bytes:
    context, parent, status = span.get_span_context(), span.parent, span.status
    if context is None or context.trace_state or span.events or span.links:
        raise UnknownFormError
    if span.dropped_attributes or status.description:
        raise UnknownFormError
    remote = _IS_REMOTE if parent is not None and parent.is_remote else 0
    code = status.status_code.value
    return b"".join(
        (
            b"\x0a\x10" + context.trace_id.to_bytes(16, "big"),
            b"\x12\x08" + context.span_id.to_bytes(8, "big"),
            b"" if parent is None else b"\x22\x08" + parent.span_id.to_bytes(8, "big"),
            _field(b"\x2a", span.name.encode()),
            b"\x30" + _varint(span.kind.value + 1),  # OTLP has an "unspecified" before them
            _times(0x39, span.start_time, 0x41, span.end_time),
            *[
                _field(b"\x4a", _key(name) + _field(b"\x12", _value(value)))
                for name, value in (span.attributes or {}).items()
            ],
            b"\x7a\x02\x18" + _varint(code) if code else b"\x7a\x00",
            b"\x85\x01" + _flags(_HAS_IS_REMOTE | remote),
        )
    )


def _value(value: Any) -> bytes:
    write = _WRITERS.get(type(value))
    if write is None:
        raise UnknownFormError
    return write(value)


def _integer(value: int) -> bytes:
    if not -(2**63) <= value < 2**63:
        raise UnknownFormError
    return b"\x18" + _varint(value & (2**64 - 1))


def _list(values: Sequence[Any]) -> bytes:
    return _field(b"\x2a", b"".join(_field(b"\x0a", _value(each)) for each in values))


_WRITERS: dict[type, Callable[[Any], bytes]] = {
    str: lambda text: _field(b"\x0a", text.encode()),
    bool: lambda flag: b"\x10\x01" if flag else b"\x10\x00",
    int: _integer,
    float: lambda number: b"\x21" + _double(number),
    list: _list,
    tuple: _list,
}


@lru_cache(maxsize=1024)
def _key(name: str) -> bytes:
    """The few names of attributes."""
    return _field(b"\x0a", name.encode())


def _field(tag: bytes, content: bytes) -> bytes:
    return tag + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    if number < 128:
        return _BYTES[number]
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


_BYTES = [bytes((number,)) for number in range(128)]
