r"""How a record lies in a segment: `magic length spans crc body`; pure.

The checksum covers everything after the magic, so a record is believed whole or not at all. The
magic lets a reader find the next record behind damage.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from .record import Record

MAGIC = b"\xa5SLr"
_SIZES = struct.Struct("<II")
_CRC = struct.Struct("<I")
OVERHEAD = len(MAGIC) + _SIZES.size + _CRC.size


class Frame(NamedTuple):
    """A record, or a stretch that holds none that can be believed, and where it ends."""

    record: Record | None
    end: int


def frame(record: Record) -> bytes:
    """A record as it is written."""
    sizes = _SIZES.pack(len(record.body), record.spans)
    crc = _CRC.pack(zlib.crc32(record.body, zlib.crc32(sizes)))
    return b"".join((MAGIC, sizes, crc, record.body))


def frames(data: bytes) -> Iterator[Frame]:
    """Every record of a segment in order, with each damaged stretch between them."""
    at = 0
    while at < len(data):
        found = _record_at(data, at)
        if found is None:
            found = Frame(None, _next_record(data, at + 1))
        yield found
        at = found.end


def _next_record(data: bytes, at: int) -> int:
    at = data.find(MAGIC, at)
    while at >= 0 and _record_at(data, at) is None:
        at = data.find(MAGIC, at + 1)
    return at if at >= 0 else len(data)


def _record_at(data: bytes, at: int) -> Frame | None:
    start = at + OVERHEAD
    if start > len(data) or not data.startswith(MAGIC, at):
        return None
    sizes = data[at + len(MAGIC) : at + len(MAGIC) + _SIZES.size]
    length, spans = _SIZES.unpack(sizes)
    (crc,) = _CRC.unpack(data[start - _CRC.size : start])
    body = data[start : start + length]
    if len(body) < length or zlib.crc32(body, zlib.crc32(sizes)) != crc:
        return None
    return Frame(Record(body, spans), start + length)
