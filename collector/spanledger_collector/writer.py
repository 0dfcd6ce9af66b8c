"""The one thread that writes: group commit, acknowledgement after commit, upkeep in between.

It knows a `Store` and nothing of HTTP. A batch is acknowledged when its rows are durable, refused
when the database will never take them, and otherwise told to come again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, TypeVar

from spanledger_collector.durations import Durations
from spanledger_collector.store import (
    BadBatch,
    Batch,
    Store,
    StoreError,
    StoreUnavailable,
)

__all__ = ["Counters", "QueueFull", "Writer"]

GROUP_BYTES = 16 << 20
"""Rows committed at once at most; larger groups gain nothing and make everyone wait."""
ROLL_UP_EVERY_S = 1.0
PACK_EVERY_S = 30.0
TIDY_EVERY_S = 600.0

T = TypeVar("T")

_log = logging.getLogger(__name__)


class QueueFull(Exception):
    """The writer is behind, or closing; the batch was not taken."""


class Counters:
    """What happened since the start; written by the writer's thread alone, read by any."""

    def __init__(self) -> None:
        self.calls = 0
        """Reports of calls that counted when they came."""
        self.duplicates = 0
        """Reports of calls that counted already."""
        self.kept = 0
        """Those of the duplicates that had not been delivered before."""
        self.superseded = 0
        """Calls that gave way to a better report; `calls` less these is how many were added."""
        self.spans = 0
        self.points = 0
        self.quarantined = 0
        self.failed_commits = 0
        self.commit_seconds = Durations()


class _Waiting(NamedTuple):
    batch: Batch
    done: Future[None]


class _Job(NamedTuple):
    work: Callable[[], Any]
    done: Future[Any]


class Writer:
    """Commits batches in groups and keeps the rollup up to date.

    Args:
        store: where to commit; from `start` on, only the writer's thread writes to it.
        max_queue_bytes: rows that may wait.
    """

    def __init__(self, store: Store, max_queue_bytes: int) -> None:
        self.counters = Counters()
        self._store = store
        self._max_queue_bytes = max_queue_bytes
        self._queue: deque[_Waiting] = deque()
        self._jobs: deque[_Job] = deque()
        self._queued_bytes = 0
        self._wake = threading.Condition()
        self._closing = False
        self._healthy = True
        self._fatal = False
        self._behind_since: float | None = None
        self._next_roll_up = 0.0
        self._next_pack = time.monotonic() + PACK_EVERY_S
        self._next_tidy = time.monotonic() + PACK_EVERY_S
        self._thread = threading.Thread(target=self._run, name="spanledger-writer", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether the last commit succeeded."""
        return self._healthy and not self._closing

    @property
    def queued_bytes(self) -> int:
        """Rows that wait to be committed."""
        return self._queued_bytes

    @property
    def lag_s(self) -> float:
        """Age of the oldest commit that the rollup does not know; 0 when there is none."""
        since = self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, batch: Batch) -> Future[None]:
        """Queue a batch; the future is done once it is durable.

        It fails with `BadBatch` when the database refuses the rows, with `StoreUnavailable` when
        they have to be sent again.

        Raises:
            QueueFull: too much is waiting, or the writer is closing.
        """
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # a client that leaves cannot call its batch back
        with self._wake:
            over = self._queued_bytes + batch.size > self._max_queue_bytes
            if self._closing or (over and self._queue):
                raise QueueFull
            self._queue.append(_Waiting(batch, done))
            self._queued_bytes += batch.size
            self._wake.notify()
        return done

    def run(self, work: Callable[[], T]) -> Future[T]:
        """Do something else with the store between two commits, on the writer's thread.

        Raises:
            QueueFull: the writer is closing.
        """
        done: Future[T] = Future()
        done.set_running_or_notify_cancel()
        with self._wake:
            if self._closing:
                raise QueueFull
            self._jobs.append(_Job(work, done))
            self._wake.notify()
        return done

    def close(self) -> None:
        """Commit what is waiting, then stop; the store stays open."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            group = self._next_group()
            if group:
                self._commit(group)
            elif self._closing and not self._jobs:
                return
            if self._jobs:
                self._do(self._jobs.popleft())
            self._upkeep()

    def _next_group(self) -> list[_Waiting]:
        """Take what is waiting, up to a group's size; wait for it until upkeep is due."""
        with self._wake:
            if not self._queue and not self._jobs and not self._closing:
                self._wake.wait(max(0.0, self._next_roll_up - time.monotonic()))
            group: list[_Waiting] = []
            size = 0
            while self._queue and (not group or size + self._queue[0].batch.size <= GROUP_BYTES):
                group.append(self._queue.popleft())
                size += group[-1].batch.size
            self._queued_bytes -= size
            return group

    def _commit(self, group: list[_Waiting]) -> None:
        """Commit a group; one by one when together it fails, so that the bad one fails alone."""
        if len(group) > 1 and self._healthy:
            try:
                self._append([waiting.batch for waiting in group])
            except (BadBatch, StoreUnavailable) as error:
                _log.warning("a commit of %d requests failed: %s", len(group), error)
            else:
                for waiting in group:
                    waiting.done.set_result(None)
                return
        for waiting in group:
            self._commit_one(waiting)

    def _commit_one(self, waiting: _Waiting) -> None:
        try:
            self._append([waiting.batch])
        except (BadBatch, StoreUnavailable) as error:
            waiting.done.set_exception(error)
        else:
            waiting.done.set_result(None)

    def _do(self, job: _Job) -> None:
        try:
            job.done.set_result(self._guarded(job.work))
        except (BadBatch, StoreUnavailable) as error:
            job.done.set_exception(error)

    def _append(self, batches: list[Batch]) -> None:
        begin = time.monotonic()
        appended = self._guarded(lambda: self._store.append(batches))
        end = time.monotonic()
        self.counters.commit_seconds.add(end - begin)
        self._behind_since = self._behind_since or end
        counters = self.counters
        counters.calls += appended.calls
        counters.duplicates += appended.duplicates
        counters.kept += appended.kept
        counters.superseded += appended.superseded
        counters.spans += appended.spans
        counters.points += appended.points
        counters.quarantined += appended.quarantined

    def _upkeep(self) -> None:
        now = time.monotonic()
        if now < self._next_roll_up:
            return
        self._next_roll_up = now + ROLL_UP_EVERY_S
        try:
            if not self._healthy:
                self._guarded(self._store.probe)
            self._guarded(self._store.roll_up)
            self._behind_since = None
            self._guarded(self._store.catch_up)
            if now >= self._next_pack:
                self._next_pack = now + PACK_EVERY_S
                self._guarded(self._store.pack)
            if now >= self._next_tidy:
                more = self._guarded(self._store.tidy)
                self._next_tidy = now + (PACK_EVERY_S if more else TIDY_EVERY_S)
        except (BadBatch, StoreUnavailable) as error:
            _log.error("upkeep of the ledger failed, and is tried again: %s", error)

    def _guarded(self, work: Callable[[], T]) -> T:
        """Do something with the store, keeping count of whether it works; reopen it if need be.

        Raises:
            BadBatch: the store refuses what it was given.
            StoreUnavailable: it does not work now.
        """
        try:
            if self._fatal:
                self._store.reopen()
                self._fatal = False
            result = work()
        except (StoreError, StoreUnavailable) as error:
            self.counters.failed_commits += 1
            self._healthy = False
            self._fatal = isinstance(error, StoreError) or error.fatal
            raise StoreUnavailable(str(error)) from error
        except BadBatch:
            raise
        except Exception as error:  # this thread must outlive any batch
            _log.exception("a batch broke the writer")
            raise BadBatch(str(error)) from error
        if not self._healthy:
            _log.info("the ledger commits again")
            self._healthy = True
        return result
