"""The thread's work that empties the store: send, wait as told or ever longer, try again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .._guard import guard
from .importing import importing
from .settings import Pace, Target
from .store import Batch, Store
from .tally import Tally
from .worker import Worker

if TYPE_CHECKING:
    from .answers import Answer
    from .record import Record
    from .sending import Outcome, Sender

_ADOPT_INTERVAL_S = 30.0
_SUSPECT_AFTER = 3
"""Failures in a row after which single spans are suspected to be their cause."""


class Courier:
    """Sends what the store holds, oldest first."""

    def __init__(
        self, target: Target, pace: Pace, store: Store, tally: Tally, *, durable: bool
    ) -> None:
        self.failed_attempts = 0
        self.successes = 0
        self.told_to_wait_until = 0.0
        """The moment, on the monotonic clock, before which the collector wants to hear nothing."""
        self._target = target
        self._pace = pace
        self._store = store
        self._tally = tally
        self._durable = durable
        self._worker = Worker("courier", self._work)
        self._sender: Sender | None = None
        self._failures = 0
        self._not_before = 0.0
        self._adopt_at = 0.0
        self._hurried = False
        self._awaited = 0

    def wake(self, *, hurry: bool = False) -> None:
        """There is something to send; in a hurry, without waiting for the next attempt's time."""
        self._hurried = self._hurried or hurry
        self._worker.wake()

    def revive(self) -> None:
        """Start the thread again should something have killed it."""
        self._worker.revive()

    def finish(self) -> None:
        """End the thread whenever nothing is left to send."""
        self._worker.finish()

    def stop(self) -> None:
        """End the thread once the attempt under way is over."""
        self._worker.stop()

    @contextmanager
    def awaited(self) -> Iterator[None]:
        """While somebody waits for delivery, failures are tried again sooner."""
        self._awaited += 1
        try:
            yield
        finally:
            self._awaited -= 1

    def _work(self) -> float | None:
        now = time.monotonic()
        if now < self._not_before and not self._hurried:
            return self._not_before - now
        self._hurried = False
        if now >= self._adopt_at:
            self._adopt_at = now + _ADOPT_INTERVAL_S
            self._store.adopt()
        while (batch := self._store.take()) is not None:
            outcome: Outcome | None = None
            with guard:
                outcome = self._send(batch)
            if outcome is None or outcome.refusal is not None:
                return self._put_off(batch, outcome.refusal if outcome is not None else None)
            self._settle(batch, outcome)
        # What is on disk is safe already, and may wait for company.
        self._not_before = time.monotonic() + self._pace.interval if self._durable else 0.0
        return _ADOPT_INTERVAL_S if self._durable and not self._worker.finishing else None

    def _send(self, batch: Batch) -> Outcome:
        if self._sender is None:
            with importing:
                from .sending import Sender
            self._sender = Sender(self._target, self._pace)
        suspicious = self._failures % _SUSPECT_AFTER == _SUSPECT_AFTER - 1
        return self._sender.send(batch.records, hunt=suspicious)

    def _settle(self, batch: Batch, outcome: Outcome) -> None:
        self._failures = 0
        self.told_to_wait_until = 0.0
        self.successes += 1
        for record in outcome.left:
            self._put_last(record, own=batch.own)
        self._store.done()
        self._tally.answer(outcome.delivered, outcome.rejected, own=batch.own)

    def _put_off(self, batch: Batch, refusal: Answer | None) -> float:
        self._failures += 1
        told = refusal.retry_after() if refusal is not None else None
        wait = backoff(self._failures, self._pace, awaited=self._awaited > 0)
        if told is not None:
            wait = min(told, self._pace.max_retry_after)
        self._not_before = time.monotonic() + wait
        self.told_to_wait_until = self._not_before if told is not None else 0.0
        self._store.back()
        with self._tally.changed:
            self.failed_attempts += 1
            self._tally.changed.notify_all()
        return wait

    def _put_last(self, record: Record, *, own: bool) -> None:
        """Let the others pass; what was adopted becomes ours."""
        if not own:
            self._tally.accept(record.spans)
            self._tally.keep(record.spans)
        self._store.append(record)


def backoff(failures: int, pace: Pace, *, awaited: bool = False) -> float:
    """Seconds to wait after so many failures in a row: doubling, with jitter, and bounded."""
    longest = pace.interval if awaited else pace.max_backoff
    return min(longest, pace.interval * 2.0 ** min(failures, 10)) * random.uniform(0.5, 1.0)
