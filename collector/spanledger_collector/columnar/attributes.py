"""The attributes of many spans as columns, one a name; knows values, and not what they mean.

A value that a dialect would not simply take (of another type, too long, of a name that occurs
twice) makes its span `odd`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spanledger_collector.columnar.arrays import Bytes, Doubles, Flags, Ints
from spanledger_collector.columnar.pairs import BOOL, DOUBLE, INT, TEXT, read_pairs
from spanledger_collector.columnar.wire import Walked
from spanledger_collector.dialects.reading import MAX_TEXT

__all__ = ["Attributes"]

N = TypeVar("N", np.int64, np.float64)

MOST_PREFIXED: Final = 256
"""Names under the prefix in one request; with more, most of a table by span would be empty."""
_ODD_NAME: Final = 0


class Attributes:
    """What spans say, by the attributes' names.

    Args:
        raw: the request, with the padding behind it.
        body: the same as an array.
        walked: where the attributes lie.
        names: those that will be asked for.
        prefix: names that begin so are all wanted.
    """

    def __init__(
        self, raw: bytes, body: Bytes, walked: Walked, names: Sequence[str], prefix: str
    ) -> None:
        self.odd = walked.odd.copy()
        self._prefix = prefix
        self._prefixed: list[str] = []
        self._rows = {name: row for row, name in enumerate(names, _ODD_NAME + 1)}
        self._pairs, unread = read_pairs(raw, body, walked, self._numbers)
        self._index = np.full((len(self._rows) + 1, len(self.odd)), -1)
        self.odd[unread] = True
        self._fill()

    def _numbers(self, names: list[str]) -> list[int]:
        """Number the names that occur; -1 is for those that nobody wants."""
        self._prefixed = [name for name in names if name.startswith(self._prefix)]
        for name in self._prefixed[:MOST_PREFIXED]:
            if len(name) <= MAX_TEXT:
                self._rows.setdefault(name, len(self._rows) + 1)
        others = dict.fromkeys(self._prefixed, _ODD_NAME)
        return [self._rows.get(name, others.get(name, -1)) for name in names]

    def _fill(self) -> None:
        """Enter each attribute under its name and span."""
        pairs = self._pairs
        every = np.arange(len(pairs.owner))
        self._index[pairs.name, pairs.owner] = every
        overwritten = self._index[pairs.name, pairs.owner] != every
        self.odd[pairs.owner[overwritten]] = True
        self.odd[pairs.owner[pairs.sizes > MAX_TEXT]] = True
        self.odd |= self._index[_ODD_NAME] >= 0
        occurs = np.bincount(pairs.name, minlength=len(self._index)) > 0
        self._occurring = {name for name, row in self._rows.items() if occurs[row]}

    def __len__(self) -> int:
        return len(self._pairs.owner)

    def has(self, name: str) -> Flags:
        """Which spans have it."""
        if name not in self._occurring:
            return np.zeros(len(self.odd), np.bool_)
        return np.asarray(self._index[self._rows[name]] >= 0)

    def texts(self, names: Sequence[str]) -> dict[str, pa.Array]:
        """Read texts; an empty one counts as absent."""
        count = len(self.odd)
        found = dict.fromkeys(names, pa.nulls(count, pa.string()))
        there = [name for name in names if name in self._occurring]
        index = self._index[np.array([self._rows[name] for name in there], np.int64)]
        pairs = self._pairs
        self.odd |= ((index >= 0) & (pairs.kind[index] != TEXT)).any(axis=0)
        absent = (index < 0) | (pairs.sizes[index] == 0)
        taken = pairs.texts.take(index.ravel(), absent.ravel())
        return found | {name: taken.slice(row * count, count) for row, name in enumerate(there)}

    def integers(self, name: str) -> Ints:
        """Read integers; an absent one is 0."""
        return self._numbers_of(name, INT, self._pairs.numbers)

    def counts(self, name: str, limit: int) -> Ints:
        """Read integers from 0 up to a limit; an absent one is 0."""
        found = self.integers(name)
        self.odd |= (found < 0) | (found > limit)
        return found

    def flags(self, name: str, *, default: bool) -> Flags:
        """Read booleans."""
        found = self._numbers_of(name, BOOL, self._pairs.numbers)
        return np.where(self.has(name), found != 0, default)

    def doubles(self, name: str) -> Doubles:
        """Read doubles; an absent one is 0."""
        return self._numbers_of(name, DOUBLE, self._pairs.doubles)

    def _numbers_of(self, name: str, kind: int, values: npt.NDArray[N]) -> npt.NDArray[N]:
        if name not in self._occurring:
            return np.zeros(len(self.odd), values.dtype)
        index = self._index[self._rows[name]]
        there = index >= 0
        self.odd |= there & (self._pairs.kind[index] != kind)
        return np.where(there, values[index], values.dtype.type(0))

    def prefixed(self, most: int) -> pa.Array:
        """Read the texts whose names begin with the prefix, as a map for each span.

        Args:
            most: more of them make a span odd.
        """
        pairs = self._pairs
        keys: list[str | None] = [None] * (len(self._rows) + 1)
        for name in self._prefixed:
            keys[self._rows.get(name, _ODD_NAME)] = name[len(self._prefix) :]
        under = np.array([key is not None for key in keys])[pairs.name]
        self.odd[pairs.owner[under & (pairs.kind != TEXT)]] = True
        chosen = np.flatnonzero(under & (pairs.sizes > 0))
        offsets = np.zeros(len(self.odd) + 1, np.int32)
        np.cumsum(np.bincount(pairs.owner[chosen], minlength=len(self.odd)), out=offsets[1:])
        self.odd |= np.diff(offsets) > most
        names = pa.array(keys, pa.string()).take(pa.array(pairs.name[chosen]))
        return pa.MapArray.from_arrays(offsets, names, pairs.texts.take(chosen))
