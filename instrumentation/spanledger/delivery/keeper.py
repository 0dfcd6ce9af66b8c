"""The thread's work that takes finished spans out of the callers' hands and into the store."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opentelemetry.sdk.trace import ReadableSpan

from .._guard import guard
from .importing import importing
from .settings import Pace
from .store import MAX_BATCH, Store
from .tally import Tally
from .worker import Worker

if TYPE_CHECKING:
    from .record import Record

Finished = ReadableSpan | Callable[[], ReadableSpan]
"""A span, or how to make it."""
MAX_WAITING = 8192
"""Unserialised spans. Beyond, callers serialise: half a second's work of the thread or so."""
_SYNC_INTERVAL_S = 1.0


class Keeper:
    """Serialises spans in groups: every half second for memory, at once for the disk."""

    def __init__(
        self,
        pace: Pace,
        store: Store,
        tally: Tally,
        *,
        durable: bool,
        kept: Callable[[bool], None],
    ) -> None:
        self._waiting: deque[Finished] = deque()
        self._linger = 0.0 if durable else pace.interval
        self._durable = durable
        self._store = store
        self._tally = tally
        self._kept = kept
        self._worker = Worker("keeper", self._work)
        self._due_at: float | None = None
        self._sync_at: float | None = None
        self._hurried = False

    def take(self, span: Finished) -> None:
        """Take a finished span; never waits for a disk or a network."""
        with self._tally.changed:
            self._tally.accept()
            self._waiting.append(span)
            waiting = len(self._waiting)
        if waiting == 1 or waiting == MAX_BATCH:
            self._worker.wake()
        elif waiting > MAX_WAITING:
            # Spans come faster than the thread gets to run. Whoever makes them helps.
            self._keep(self._next(), self._store.spare.append)

    def hurry(self) -> None:
        """Keep now what waits, and have it sent."""
        self._hurried = True
        self._worker.wake()

    def revive(self) -> None:
        """Start the thread again should something have killed it."""
        self._worker.revive()

    def finish(self) -> None:
        """End the thread whenever nothing waits."""
        self._worker.finish()

    def _work(self) -> float | None:
        now = time.monotonic()
        if self._due_at is None:
            self._due_at = now + self._linger
        hurried = self._hurried
        if now < self._due_at and len(self._waiting) < MAX_BATCH and not hurried:
            return self._due_at - now
        self._due_at, self._hurried = None, False
        kept = False
        while spans := self._next():
            self._keep(spans, self._store.append)
            self._kept(hurried)
            kept = True
        if hurried:
            self._kept(True)
        return self._sync(kept) if self._durable else None

    def _sync(self, kept: bool) -> float | None:
        """Once a second at most, so that a power failure costs no more than that."""
        now = time.monotonic()
        if self._sync_at is not None and now >= self._sync_at:
            self._sync_at = None
            self._store.sync()
        elif self._sync_at is None and kept:
            self._sync_at = now + _SYNC_INTERVAL_S
        return None if self._sync_at is None else self._sync_at - now

    def _next(self) -> list[Finished]:
        with self._tally.changed:
            return [self._waiting.popleft() for _ in range(min(MAX_BATCH, len(self._waiting)))]

    def _keep(self, spans: Sequence[Finished], append: Callable[[Record], None]) -> None:
        made, kept = self._made(spans), False
        with guard:
            for record in self._serialise(made):
                append(record)
            kept = True
        if not kept:
            self._tally.drop(len(made))
        self._tally.keep(len(spans))

    def _made(self, finished: Sequence[Finished]) -> list[ReadableSpan]:
        made = []
        for span in finished:
            with guard:
                made.append(span if isinstance(span, ReadableSpan) else span())
        if len(made) < len(finished):
            self._tally.drop(len(finished) - len(made))
        return made

    def _serialise(self, spans: Sequence[ReadableSpan]) -> list[Record]:
        """One record; should a span be the cause of a failure, the others by themselves."""
        with importing:
            from .records import encode
        with guard:
            return [encode(spans)]
        if len(spans) <= 1:
            self._tally.drop(len(spans))
            return []
        return [record for span in spans for record in self._serialise([span])]
