"""Amazon's binary framing of a stream, `application/vnd.amazon.eventstream`.

A frame is: its length, the headers' length, the CRC of those two, headers, payload, the CRC of all
before. A header is: the name's length and name, the type (7 is text), the value's length and value.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Mapping
from zlib import crc32

from spanledger_demo.simulator.errors import ApiFailure
from spanledger_demo.simulator.stream import StreamEvent
from spanledger_demo.simulator.streamed import Wire

_TEXT = 7


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """Write one frame."""
    head = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    start = prelude + struct.pack("!I", crc32(prelude)) + head + payload
    return start + struct.pack("!I", crc32(start))


def _header(name: str, value: str) -> bytes:
    text = value.encode()
    return bytes([len(name)]) + name.encode() + struct.pack("!BH", _TEXT, len(text)) + text


def _event(event: StreamEvent) -> bytes:
    data = base64.b64encode(json.dumps(event.data).encode()).decode()
    headers = {
        ":event-type": "chunk",
        ":content-type": "application/json",
        ":message-type": "event",
    }
    return frame(headers, json.dumps({"bytes": data}).encode())


def _failure(failure: ApiFailure, _request_id: str) -> bytes:
    headers = {
        ":exception-type": "serviceUnavailableException",
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return frame(headers, json.dumps({"message": failure.message}).encode())


AWS_EVENT_STREAM = Wire("application/vnd.amazon.eventstream", _event, _failure)
