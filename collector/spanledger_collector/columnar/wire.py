"""Where the spans and their fields lie in the bytes of an OTLP trace request.

It knows protobuf and no telemetry names. The bytes have been accepted by the protobuf library
before. All spans are walked at once: step k looks at the k-th field of every span, so that the work
is a few dozen operations on arrays instead of thousands on objects. What is legal and unusual is
not read: such a span is `odd`, and somebody else has to read it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from spanledger_collector.columnar.arrays import Bytes, Flags, Ints

__all__ = ["PADDING", "Place", "Walked", "lengths_at", "span_places", "walk"]

Place = tuple[int, int]
"""First byte, and the byte behind the last."""

PADDING: Final = bytes(16)
"""What has to follow the last message: it is looked at, and never means anything."""
_MAX_FIELDS: Final = 256
"""A span with more is odd: every further step would be made for it alone."""
_MORE: Final = 0x80
_FIRST, _SECOND, _SCHEMA_URL = 0x0A, 0x12, 0x1A  # tags of the envelope's messages

TRACE_ID, SPAN_ID, PARENT, START, END, _ATTRIBUTE, _IGNORED, _UNKNOWN = range(8)
_LEN, _FIXED64, _VARINT, _TWO_BYTE_TAG = range(4)


def _table(default: int, tags: dict[int, int]) -> Bytes:
    table = np.full(256, default, np.uint8)
    table[list(tags)] = list(tags.values())
    return table


_FIELD_OF = _table(
    _UNKNOWN,
    {0x0A: TRACE_ID, 0x12: SPAN_ID, 0x22: PARENT, 0x39: START, 0x41: END, 0x4A: _ATTRIBUTE}
    | dict.fromkeys((0x1A, 0x2A, 0x30, 0x50, 0x5A, 0x60, 0x6A, 0x70, 0x7A, 0x85), _IGNORED),
)
_WIRE_OF = _table(
    _LEN, {0x30: _VARINT, 0x50: _VARINT, 0x60: _VARINT, 0x70: _VARINT}
    | {0x39: _FIXED64, 0x41: _FIXED64, 0x85: _TWO_BYTE_TAG},
)  # fmt: skip


class Walked(NamedTuple):
    """Places in the body; where a field is absent, its start and end are 0."""

    starts: Ints
    """Of the fields from `TRACE_ID` to `END`, a row each, a column a span."""
    ends: Ints
    odd: Flags
    owner: Ints
    """Which span each attribute belongs to, in the order of the bytes."""
    attribute_starts: Ints
    attribute_ends: Ints


def span_places(body: bytes) -> list[list[list[Place]]] | None:
    """Say where each span lies, by resource and by scope; None for an unusual envelope."""
    resources = _parts(body, (0, len(body)), _FIRST)
    if resources is None:
        return None
    found = []
    for resource in resources:
        scopes = _parts(body, resource, _SECOND)
        if scopes is None:
            return None
        spans = [_parts(body, scope, _SECOND) for scope in scopes]
        if None in spans:
            return None
        found.append([places for places in spans if places is not None])
    return found


def _parts(body: bytes, place: Place, wanted: int) -> list[Place] | None:
    """The places of one repeated field of a message that has at most a head and a URL beside it."""
    at, end = place
    found: list[Place] = []
    heads = 0
    while at < end:
        tag = body[at]
        length = body[at + 1]
        at += 2
        shift = 7
        if length >= _MORE:
            length -= _MORE
            while True:
                more = body[at]
                at += 1
                length += (more & 0x7F) << shift
                shift += 7
                if more < _MORE:
                    break
        if tag == wanted:
            found.append((at, at + length))
        elif tag == _FIRST and not heads:
            heads = 1
        elif tag != _SCHEMA_URL or wanted == _FIRST:
            return None
        at += length
    return found


def lengths_at(body: Bytes, at: Ints) -> tuple[Ints, Ints, Flags]:
    """Read lengths of up to three bytes: where what follows starts and ends, and which are odd."""
    low, middle = body[at].astype(np.int64), body[at + 1].astype(np.int64)
    start = at + 1
    length = low
    long = low >= _MORE
    if long.any():
        high = body[at + 2].astype(np.int64)
        longer = long & (middle >= _MORE)
        length = low + long * ((middle << 7) - _MORE) + longer * ((high << 14) - (_MORE << 7))
        start = start + long + longer
        return start, start + length, longer & (high >= _MORE)
    return start, start + length, long


def walk(body: Bytes, places: Ints) -> Walked:
    """Find the fields of spans.

    Args:
        body: the request, with the padding behind it.
        places: start and end of each span, a row each.
    """
    return _Walk(body, places).run()


class _Walk:
    def __init__(self, body: Bytes, places: Ints) -> None:
        self.body = body
        count = len(places)
        self.at, self.end = places[:, 0].copy(), places[:, 1]
        self.starts = np.zeros((_IGNORED, count), np.int64)
        self.ends = np.zeros((_IGNORED, count), np.int64)
        self.odd = np.zeros(count, np.bool_)
        self.attributes: list[tuple[Ints, Ints, Ints]] = []

    def run(self) -> Walked:
        live = np.flatnonzero(self.at < self.end)
        for _ in range(_MAX_FIELDS):
            if not len(live):
                break
            self._step(live)
            live = live[(self.at[live] < self.end[live]) & ~self.odd[live]]
        self.odd[live] = True
        return Walked(self.starts[:_ATTRIBUTE], self.ends[:_ATTRIBUTE], self.odd, *self._pairs())

    def _step(self, live: Ints) -> None:
        """Read one field of each span that has one left."""
        at = self.at[live]
        tag = self.body[at]
        field = _FIELD_OF[tag]
        start, end, odd = lengths_at(self.body, at + 1)
        wire = _WIRE_OF[tag]
        if wire.any():
            end = np.where(wire == _VARINT, start, end)
            start = np.where(wire == _FIXED64, at + 1, start)
            end = np.where(wire == _FIXED64, at + 9, end)
            end = np.where(wire == _TWO_BYTE_TAG, at + 6, end)
            odd &= (wire == _LEN) | (wire == _VARINT)
            odd |= (wire == _TWO_BYTE_TAG) & (self.body[at + 1] != 1)
        odd |= field == _UNKNOWN
        self.at[live] = end
        if odd.any():
            self.odd[live[odd]] = True
        attribute = field == _ATTRIBUTE
        if attribute.any():
            self.attributes.append((live[attribute], start[attribute], end[attribute]))
        if not attribute.all():
            known = field < _ATTRIBUTE
            self.starts[field[known], live[known]] = start[known]
            self.ends[field[known], live[known]] = end[known]

    def _pairs(self) -> tuple[Ints, Ints, Ints]:
        """The attributes of spans that are not odd, as they follow each other in the body."""
        if not self.attributes:
            none = np.zeros(0, np.int64)
            return none, none, none
        shape = (len(self.attributes), len(self.at))
        starts, ends = np.full(shape, -1), np.zeros(shape, np.int64)
        for step, (owner, start, end) in enumerate(self.attributes):
            starts[step, owner] = start
            ends[step, owner] = end
        starts[:, self.odd] = -1
        there = starts.T >= 0
        return np.nonzero(there)[0], starts.T[there], ends.T[there]
