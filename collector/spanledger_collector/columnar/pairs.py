"""Attributes one by one, in the order of the bytes: whose, of which name, with what value.

It knows protobuf's `KeyValue` and `AnyValue`, and no telemetry names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from spanledger_collector.columnar.arrays import Bytes, Doubles, Flags, Ints
from spanledger_collector.columnar.wire import Walked, lengths_at

__all__ = ["BOOL", "DOUBLE", "INT", "OTHER", "TEXT", "Pairs", "Slices", "read_pairs"]

TEXT, BOOL, INT, DOUBLE, OTHER = range(5)
_KEY, _VALUE = 0x0A, 0x12  # tags of a KeyValue
_KIND_OF: Final = np.full(256, OTHER, np.uint8)
_KIND_OF[[0x0A, 0x10, 0x18, 0x21]] = TEXT, BOOL, INT, DOUBLE
_MORE: Final = 0x80


class Slices:
    """Texts that lie in the body one behind the other; nothing is copied until some are taken."""

    def __init__(self, raw: bytes, starts: Ints, ends: Ints) -> None:
        # Every second slot is what lies between two texts: Arrow's offsets know no gaps.
        offsets = np.empty(2 * len(starts) + 1, np.int32)
        offsets[0:-1:2], offsets[1::2], offsets[-1] = starts, ends, len(raw)
        buffers = [None, pa.py_buffer(offsets), pa.py_buffer(raw)]
        self._slots = pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)

    def take(self, which: Ints, absent: Flags | None = None) -> pa.Array:
        """Copy some, with nothing in the place of the absent ones."""
        return self._slots.take(pa.array(which * 2, mask=absent))


class Pairs(NamedTuple):
    """The wanted attributes, a place of each array for each."""

    owner: Ints
    """Which span it belongs to."""
    name: Ints
    """The number that the caller gave its name."""
    kind: Bytes
    """`OTHER` is whatever is not read here."""
    texts: Slices
    """Empty in the place of what is no text."""
    sizes: Ints
    """Bytes of the text."""
    numbers: Ints
    """Of integers and booleans, 0 for others."""
    doubles: Doubles


def read_pairs(
    raw: bytes, body: Bytes, walked: Walked, number: Callable[[list[str]], list[int]]
) -> tuple[Pairs, Ints]:
    """Read the attributes whose names have a number from 0 up.

    Args:
        raw: the request, with the padding behind it.
        body: the same as an array.
        walked: where its attributes lie.
        number: gives each distinct name its number.

    Returns:
        The attributes, and the spans that have one which may be one of them.
    """
    first, last, owner = walked.attribute_starts, walked.attribute_ends, walked.owner
    key, value, odd = lengths_at(body, first + 1)
    inside, end, long = lengths_at(body, value + 1)
    odd |= long | (body[first] != _KEY) | (body[value] != _VALUE) | (end != last)
    names = Slices(raw, np.where(odd, first, key), np.where(odd, first, value))
    numbers = _numbered(names.take(np.arange(len(owner))), number)
    wanted = np.flatnonzero((numbers >= 0) & ~odd)
    pairs = _values(raw, body, owner[wanted], numbers[wanted], inside[wanted], last[wanted])
    return pairs, owner[odd]


def _numbered(names: pa.Array, number: Callable[[list[str]], list[int]]) -> Ints:
    encoded = names.dictionary_encode()
    numbers = np.array(number(encoded.dictionary.to_pylist()), np.int64)
    return np.asarray(numbers[encoded.indices.to_numpy()])


def _values(raw: bytes, body: Bytes, owner: Ints, name: Ints, first: Ints, last: Ints) -> Pairs:
    """Read the `AnyValue`s that lie from `first` to `last`."""
    kind = np.where(first < last, _KIND_OF[body[first]], OTHER)
    text, end, long = lengths_at(body, first + 1)
    start = np.where(kind == TEXT, text, first + 1)
    size = last - start
    kind[(kind == TEXT) & (long | (end != last))] = OTHER
    kind[(kind == BOOL) & ((size != 1) | (body[start] > 1))] = OTHER
    kind[(kind == DOUBLE) & (size != 8)] = OTHER
    numbers, wrong = _integers(body, start, np.where((kind == INT) | (kind == BOOL), size, 0))
    kind[wrong] = OTHER
    is_text = kind == TEXT
    texts = Slices(raw, np.where(is_text, start, first), np.where(is_text, last, first))
    sizes = np.where(is_text, size, 0)
    return Pairs(owner, name, kind, texts, sizes, numbers, _doubles(body, start, kind))


def _integers(body: Bytes, start: Ints, size: Ints) -> tuple[Ints, Flags]:
    """Read varints of known sizes as signed integers; wrong are those that end too soon or late."""
    found = np.zeros(len(start), np.uint64)
    wrong = size > 10
    here = np.flatnonzero((size > 0) & ~wrong)
    for step in range(10):
        if not len(here):
            break
        byte = body[start[here] + step]
        found[here] |= (byte & 0x7F).astype(np.uint64) << np.uint64(7 * step)
        ends = size[here] == step + 1
        wrong[here[ends != (byte < _MORE)]] = True
        here = here[~ends]
    return found.view(np.int64), wrong


def _doubles(body: Bytes, start: Ints, kind: Bytes) -> Doubles:
    found = np.zeros(len(start), np.float64)
    here = np.flatnonzero(kind == DOUBLE)
    found[here] = body[start[here, None] + np.arange(8)].view("<f8")[:, 0]
    return found
