"""The span processor that ties keeper, store and courier together, across exits and forks."""

from __future__ import annotations

import atexit
import os
import sys
import time
import weakref
from collections.abc import Callable

from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from .._guard import guard
from .courier import Courier
from .keeper import Finished, Keeper
from .settings import Pace, SpoolSettings, Target
from .spool import Spool
from .store import MemoryStore, Store
from .tally import DeliveryStats, Tally

_BRIEF_S = 1.0
"""What an exit waits at most when waiting saves nothing, or did not help before."""
_POLL_S = 0.05


class Delivery(SpanProcessor):
    """Takes finished spans and gets them to the collector."""

    def __init__(
        self, target: Target, *, spool: SpoolSettings | None = None, pace: Pace | None = None
    ) -> None:
        self._target = target
        self._spool = spool
        self._pace = pace or Pace()
        self._begin()
        atexit.register(self.end)
        _renew_in_forks(self)

    def _begin(self) -> None:
        durable = self._spool is not None
        self._tally = Tally()
        self._store: Store = (
            Spool(self._spool, self._tally) if self._spool else MemoryStore(self._tally)
        )
        self._courier = Courier(self._target, self._pace, self._store, self._tally, durable=durable)
        self._keeper = Keeper(
            self._pace,
            self._store,
            self._tally,
            durable=durable,
            kept=lambda hurried: self._courier.wake(hurry=hurried),
        )
        self._in_vain_after: int | None = None
        self._exit_is_hooked = False

    def _after_fork(self) -> None:
        """What waits belongs to the parent, which still sends it; the child starts afresh."""
        self._store.abandon()
        self._begin()

    def on_end(self, span: ReadableSpan) -> None:
        """Take a finished span; never blocks and never raises."""
        self._take(span)

    def take_later(self, make: Callable[[], ReadableSpan]) -> None:
        """Take a finished span that the keeper's thread is to make."""
        self._take(make)

    def _take(self, span: Finished) -> None:
        with guard:
            if not self._exit_is_hooked:
                self._hook_exit_of_worker_processes()
                self._courier.wake()  # while threads can start: Python 3.12 starts none at its exit
            self._keeper.take(span)

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything handed over so far is settled; False when time ran out."""
        return self._flush(timeout_s)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """The same, as OpenTelemetry asks for it."""
        return self._flush(timeout_millis / 1000)

    def shutdown(self) -> None:
        """Deliver what can be delivered in a bounded time. What ends later is still delivered."""
        with guard:
            atexit.unregister(self.end)
            self.end()
            self._keeper.finish()
            self._courier.finish()
            if self._spool is not None:  # what is left, another process can have at once
                self._courier.stop()
                self._store.close()

    def stats(self) -> DeliveryStats:
        """What became of the spans."""
        return self._tally.stats(self._store.spooled())

    def end(self) -> None:
        """Wait before the process ends: no longer than it can save anything, and bounded."""
        with guard:
            deadline = time.monotonic() + self._pace.exit_timeout
            safe = self._spool is not None and self._keep(deadline) and self._store.spare.empty
            hopeless = self._in_vain_after == self._courier.successes
            left = deadline - time.monotonic()
            if safe or hopeless:
                self._flush(min(left, _BRIEF_S), once=True)
            else:
                self._flush(left)
            self._store.tidy()

    def _keep(self, deadline: float) -> bool:
        """Have everything serialised and, with a spool, on disk."""
        tally = self._tally
        with tally.changed:
            while tally.kept < tally.accepted:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._keeper.hurry()
                tally.changed.wait(min(left, _POLL_S))
        return True

    def _flush(self, timeout_s: float, *, once: bool = False) -> bool:
        deadline = time.monotonic() + timeout_s
        if self._spool is not None and not once:
            self._store.adopt()
        courier, tally = self._courier, self._tally
        target, failed = tally.accepted, courier.failed_attempts
        if not self._is_settled(target, once):
            self._keeper.hurry()
        with courier.awaited(), tally.changed:
            while not self._is_settled(target, once):
                left = deadline - time.monotonic()
                tried = courier.failed_attempts > failed
                if left <= 0 or (tried and (once or courier.told_to_wait_until > deadline)):
                    self._in_vain_after = courier.successes
                    return False
                self._keeper.revive()
                courier.revive()
                tally.changed.wait(min(left, _POLL_S))
        self._in_vain_after = None
        return True

    def _is_settled(self, target: int, own_only: bool) -> bool:
        return self._tally.settled >= target and (own_only or not self._store.has_adopted)

    def _hook_exit_of_worker_processes(self) -> None:
        """Before Python 3.13 a forked multiprocessing worker ends without `atexit`."""
        self._exit_is_hooked = True
        util = sys.modules.get("multiprocessing.util")
        process = sys.modules.get("multiprocessing.process")
        if util is not None and process is not None and process.parent_process() is not None:
            util.Finalize(None, self.end, exitpriority=0)


def _renew_in_forks(delivery: Delivery) -> None:
    """Without keeping alive what nobody else does."""
    if not hasattr(os, "register_at_fork"):
        return
    renew = weakref.WeakMethod(delivery._after_fork)

    def after_in_child() -> None:
        method = renew()
        if method is not None:
            with guard:
                method()

    os.register_at_fork(after_in_child=after_in_child)
