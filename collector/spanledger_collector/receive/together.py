"""Work on everything that waits at once, in worker threads; knows nothing of what the work is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

__all__ = ["Together"]

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 8
"""Items taken at once: with more nothing gets cheaper, and the first waits for the last."""
MOST_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class _Waiting(Generic[T, R]):
    item: T
    size: int
    done: Future[R]


class Together(Generic[T, R]):
    """Hands items to worker threads, as many at a time as have gathered.

    Args:
        workers: where the work is done.
        work: gives a result, or what went wrong, for each item.
    """

    def __init__(
        self, workers: Executor, work: Callable[[Sequence[T]], Sequence[R | Exception]]
    ) -> None:
        self._workers = workers
        self._work = work
        self._waiting: deque[_Waiting[T, R]] = deque()

    def submit(self, item: T, size: int) -> Future[R]:
        """Have an item worked on.

        Args:
            item: what to work on.
            size: its bytes, by which bounds are kept.
        """
        done: Future[R] = Future()
        done.set_running_or_notify_cancel()  # its neighbours go on without it in any case
        self._waiting.append(_Waiting(item, size, done))
        self._workers.submit(self._drain)
        return done

    def _drain(self) -> None:
        """Work on what waits; of the calls for items that came together, all but one find none."""
        taken = self._take()
        if not taken:
            return
        results = self._results([waiting.item for waiting in taken])
        for waiting, result in zip(taken, results, strict=True):
            if isinstance(result, Exception):
                waiting.done.set_exception(result)
            else:
                waiting.done.set_result(result)

    def _take(self) -> list[_Waiting[T, R]]:
        """Take what has gathered; a deque needs no lock, and finding none left is no harm."""
        taken: list[_Waiting[T, R]] = []
        size = 0
        with suppress(IndexError):
            while len(taken) < MOST and size < MOST_BYTES:
                taken.append(self._waiting.popleft())
                size += taken[-1].size
        return taken

    def _results(self, items: Sequence[T]) -> Sequence[R | Exception]:
        """Work on items together; when that breaks, one by one, so that the bad one fails alone."""
        try:
            return self._work(items)
        except Exception as error:  # noqa: BLE001  # whoever waits has to be told
            if len(items) == 1:
                return [error]
        return [result for item in items for result in self._results([item])]
