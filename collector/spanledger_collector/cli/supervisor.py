"""Starts the parts as child processes, waits until they answer, and stops them together."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType, TracebackType

import httpx2 as httpx

from spanledger_collector.cli.children import Child, Part, PartFailed

__all__ = ["Part", "PartFailed", "Supervisor"]

READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 15.0

_POLL_S = 0.1
_PROBE_TIMEOUT_S = 2.0

Handler = Callable[[int, FrameType | None], None]


class Supervisor:
    """All parts together: `with Supervisor(parts) as supervisor: …` starts and stops them.

    Inside the block SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt in the main thread. While
    stopping, a second signal kills at once.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._children: list[Child] = []
        self._exits = ExitStack()

    def __enter__(self) -> Supervisor:
        with ExitStack() as exits:
            exits.enter_context(_handled(_interrupt))
            exits.callback(self._stop)
            for part in self._parts:
                self._children.append(Child(part))
            self._exits = exits.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._exits.close()

    def wait_until_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Return when every part answers; raise PartFailed when one ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        waiting = list(self._children)
        # No certificate is checked: it names the collector as others see it, and we only probe.
        with httpx.Client(timeout=_PROBE_TIMEOUT_S, trust_env=False, verify=False) as client:
            while waiting:
                self.demand_alive()
                waiting = [child for child in waiting if not child.is_ready(client)]
                if waiting and time.monotonic() > deadline:
                    raise waiting[0].too_late(timeout_s)
                time.sleep(_POLL_S if waiting else 0)
        for child in self._children:
            child.echo = True

    def demand_alive(self) -> None:
        """Raise PartFailed when a part has ended."""
        for child in self._children:
            child.demand_alive()

    def watch(self, *checks: Callable[[], None]) -> None:
        """Block for as long as all parts live; raise PartFailed when one ends.

        Args:
            *checks: More that must not raise for as long as all is well.
        """
        while True:
            self.demand_alive()
            for check in checks:
                check()
            time.sleep(_POLL_S)

    def _stop(self) -> None:
        with _handled(self._kill):
            deadline = time.monotonic() + STOP_TIMEOUT_S
            for child in self._children:
                child.terminate()
            for child in self._children:
                child.wait_or_kill(deadline)

    def _kill(self, _number: int, _frame: FrameType | None) -> None:
        for child in self._children:
            child.kill()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
