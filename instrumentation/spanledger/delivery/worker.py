"""A daemon thread that is started when it is needed, and again should it ever end."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from opentelemetry import context as otel_context

from .._guard import guard

_SUPPRESS = "suppress_instrumentation"
"""The context key that instrumentations of HTTP libraries honour, so that our own exports do not
become spans of the service."""
_AFTER_A_FAULT_S = 1.0


class Worker:
    """Calls `work`, which gives the seconds until it wants to be called again; None for no end.

    It is woken through a `SimpleQueue`, the one primitive that a signal handler or a finaliser may
    use while it interrupts another use in the same thread.
    """

    def __init__(self, name: str, work: Callable[[], float | None]) -> None:
        self._name = f"spanledger-{name}"
        self._work = work
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._running = False
        self._stopping = False
        self.finishing = False
        """Whether the thread ends when it has nothing to do, instead of waiting to be woken."""

    def wake(self) -> None:
        """Have `work` called soon; starts the thread if there is none."""
        with self._lock:
            self._wake.put(None)
            self._stopping = False
            if self._running:
                return
            self._running = True
            try:
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            except RuntimeError:  # no more threads: the process ends, or has too many
                self._running = False

    def revive(self) -> None:
        """Start the thread again should something have killed it."""
        if not self._running:
            self.wake()

    def finish(self) -> None:
        """End the thread whenever it has nothing to do; waking it starts another."""
        self.finishing = True
        self.wake()

    def stop(self) -> None:
        """End the thread after what it is doing, unless it is woken before."""
        with self._lock:
            self._stopping = True
            self._wake.put(None)

    def _run(self) -> None:
        otel_context.attach(otel_context.set_value(_SUPPRESS, True))
        try:
            wait: float | None = 0.0
            while not self._ends(wait):
                self._await(wait)
                wait = _AFTER_A_FAULT_S
                with guard:
                    wait = self._work()
        except BaseException:
            self._running = False
            raise

    def _ends(self, wait: float | None) -> bool:
        """Decided under the lock that wakes it, so that no call is missed."""
        with self._lock:
            idle = self.finishing and wait is None and self._wake.empty()
            self._running = not (self._stopping or idle)
            return not self._running

    def _await(self, wait: float | None) -> None:
        with suppress(queue.Empty):
            self._wake.get(timeout=None if wait is None else max(0.0, wait))
            while True:
                self._wake.get_nowait()
