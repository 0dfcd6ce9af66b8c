"""What a response's bytes say, where the caller reads them by other means than the SDK's. Pure."""

from __future__ import annotations

import json
import struct
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

_FRAME_HEAD = 12
_FRAME_CRC = 4


def message_in(body: bytes) -> Any:
    """The message that a body is; None when it is a stream of events, or was cut."""
    return _parsed(body) if body.lstrip().startswith(b"{") else None


def events_in(body: bytes) -> Iterator[Any]:
    """The events of a stream's body, as far as it was read."""
    if body.startswith(b"\0"):
        yield from _framed_events(body)
        return
    for line in body.splitlines():
        if line.startswith(b"data:"):
            yield _parsed(line[5:])


def _framed_events(body: bytes) -> Iterator[Any]:
    """Amazon's event stream: length, length of headers, CRC, headers, payload, CRC."""
    start = 0
    while start + _FRAME_HEAD <= len(body):
        length, headers = struct.unpack_from("!II", body, start)
        if length < _FRAME_HEAD + headers + _FRAME_CRC or start + length > len(body):
            return  # cut, or no such stream at all
        payload = _parsed(body[start + _FRAME_HEAD + headers : start + length - _FRAME_CRC])
        if isinstance(payload, dict) and isinstance(event := payload.get("bytes"), str):
            yield _parsed(b64decode(event))
        start += length


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None  # cut in the middle
