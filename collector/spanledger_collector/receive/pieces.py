"""Large protobuf requests in pieces, each a request by itself: decoding one takes little memory.

The three signals have one shape: a request holds resources (field 1), which hold scopes (field 2),
which hold records (field 2). Whatever else stands beside these goes with every piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import pyarrow as pa

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.store import Batch

__all__ = ["PIECE_BYTES", "joined", "pieces"]

PIECE_BYTES: Final = 4 << 20
_LEVELS: Final = (0x0A, 0x12, 0x12)
"""Tags of resource, scope and record: field 1 and field 2, each of something with a length."""
_FIXED: Final = {1: 8, 5: 4}


class _Field(NamedTuple):
    tag: int
    start: int
    content: int
    end: int


def pieces(body: bytes, size: int = PIECE_BYTES) -> Iterator[bytes]:
    """Yield requests of hardly more than `size` bytes that together hold what `body` holds.

    Raises:
        MalformedBody: the bytes are not framed as protobuf.
    """
    view = memoryview(body)
    yield from _parts(view, _Field(0, 0, 0, len(view)), 0, size)


def _parts(view: memoryview, whole: _Field, level: int, size: int) -> Iterator[bytes]:
    """What a field holds, in parts of about a size; what is beside goes with each."""
    inner = list(_fields(view, whole.content, whole.end))
    wanted = [each for each in inner if each.tag == _LEVELS[level]]
    beside = b"".join(bytes(view[e.start : e.end]) for e in inner if e.tag != _LEVELS[level])
    units = (unit for each in wanted for unit in _units(view, each, level, size))
    for group in _grouped(units, size):
        yield beside + group


def _units(view: memoryview, field: _Field, level: int, size: int) -> Iterator[bytes]:
    """A field as it is, or as several of its kind when it is too large."""
    if field.end - field.start <= size or level + 1 == len(_LEVELS):
        yield bytes(view[field.start : field.end])
        return
    for part in _parts(view, field, level + 1, size):
        yield _framed(field.tag, part)


def _grouped(units: Iterable[bytes], size: int) -> Iterator[bytes]:
    group: list[bytes] = []
    held = 0
    for unit in units:
        if held and held + len(unit) > size:
            yield b"".join(group)
            group, held = [], 0
        group.append(unit)
        held += len(unit)
    if group:
        yield b"".join(group)


def _fields(view: memoryview, start: int, end: int) -> Iterator[_Field]:
    while start < end:
        tag, content = _varint(view, start, end)
        kind = tag & 7
        if kind == 2:
            length, content = _varint(view, content, end)
        elif kind == 0:
            length = _varint(view, content, end)[1] - content
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise _malformed()
        if content + length > end:
            raise _malformed()
        yield _Field(tag, start, content, content + length)
        start = content + length


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= end:
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise _malformed()


def _malformed() -> MalformedBody:
    return MalformedBody("The body is not an OTLP export request in protobuf.")


def _framed(tag: int, content: bytes) -> bytes:
    length, rest = bytearray(), len(content)
    while rest > 0x7F:
        length.append(0x80 | (rest & 0x7F))
        rest >>= 7
    return bytes([tag, *length, rest]) + content


def joined(batches: list[Batch]) -> Batch | None:
    """The batches of all pieces as one, which is committed whole or not at all."""
    if len(batches) < 2:
        return batches[0] if batches else None
    return Batch(*(_both(values) for values in zip(*batches, strict=True)))


def _both(values: tuple[pa.Table | int, ...]) -> pa.Table | int:
    tables = [value for value in values if isinstance(value, pa.Table)]
    return pa.concat_tables(tables) if tables else sum(values)
