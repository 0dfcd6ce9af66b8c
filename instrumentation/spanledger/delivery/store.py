"""Where records wait: what any store promises, and the one in memory."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple, Protocol

from .record import Record
from .tally import Tally

MAX_BATCH = 512
"""Spans to a request."""
MAX_MEMORY_BYTES = 64 * 2**20


class Batch(NamedTuple):
    """Records on their way, as one request."""

    records: tuple[Record, ...]
    own: bool
    """Whether this process made them, rather than one that died."""


class Store(Protocol):
    """First in, first out. One batch is on its way at a time, and is never dropped meanwhile."""

    @property
    def spare(self) -> MemoryStore:
        """Where a record can be kept without touching a disk."""

    def append(self, record: Record) -> None:
        """Keep a record; the oldest go when there is no room."""

    def take(self) -> Batch | None:
        """The oldest records, to be settled by `done` or given back by `back`."""

    def done(self) -> None:
        """The batch on its way needs to be kept no longer."""

    def back(self) -> None:
        """The batch on its way is the oldest again."""

    def sync(self) -> None:
        """Make what was written safe from a power failure, too."""

    def adopt(self) -> None:
        """Look for what dead processes left."""

    @property
    def has_adopted(self) -> bool:
        """Whether records of dead processes wait."""

    def spooled(self) -> int:
        """Spans of this process that are on disk."""

    def tidy(self) -> None:
        """Remove what holds nothing; an `append` makes it again."""

    def close(self) -> None:
        """Give up files and locks; an `append` makes new ones."""

    def abandon(self) -> None:
        """Forget everything, for it belongs to the process that forked this one."""


class MemoryStore:
    """Bounded by its bytes."""

    def __init__(self, tally: Tally, max_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._tally = tally
        self._max_bytes = max_bytes
        self._lock = threading.RLock()
        self._records: deque[Record] = deque()
        self._bytes = 0
        self._on_its_way: list[Record] = []

    @property
    def spare(self) -> MemoryStore:
        """Itself."""
        return self

    @property
    def empty(self) -> bool:
        """Whether nothing is in it, not even on its way."""
        return not self._records and not self._on_its_way

    def append(self, record: Record) -> None:
        """Keep a record; the oldest go when there is no room."""
        with self._lock:
            self._records.append(record)
            self._bytes += len(record.body)
            while self._bytes > self._max_bytes and len(self._records) > 1:
                self._tally.drop(self._pop().spans)

    def take(self) -> Batch | None:
        """The oldest records, up to a request's size."""
        with self._lock:
            self.back()
            spans = 0
            while self._records and (not spans or spans + self._records[0].spans <= MAX_BATCH):
                self._on_its_way.append(self._pop())
                spans += self._on_its_way[-1].spans
            return Batch(tuple(self._on_its_way), True) if spans else None

    def done(self) -> None:
        """Forget the batch on its way."""
        with self._lock:
            self._on_its_way.clear()

    def back(self) -> None:
        """Put the batch on its way back in front."""
        with self._lock:
            self._records.extendleft(reversed(self._on_its_way))
            self._bytes += sum(len(record.body) for record in self._on_its_way)
            self._on_its_way.clear()

    def sync(self) -> None:
        """Memory is not safe from anything."""

    def adopt(self) -> None:
        """The dead leave no memory."""

    @property
    def has_adopted(self) -> bool:
        """None."""
        return False

    def spooled(self) -> int:
        """Nothing is on disk."""
        return 0

    def tidy(self) -> None:
        """There is no file to remove."""

    def close(self) -> None:
        """There is no file to give up."""

    def abandon(self) -> None:
        """There is no file to let go of."""

    def _pop(self) -> Record:
        record = self._records.popleft()
        self._bytes -= len(record.body)
        return record
