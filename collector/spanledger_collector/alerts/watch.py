"""The thread that judges, at its times; what fails is tried again at the next one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime

from spanledger_collector.alerts.delivery import Courier
from spanledger_collector.alerts.evaluator import Evaluator, Outcome
from spanledger_collector.alerts.judged import Judgements
from spanledger_collector.alerts.shown import AlertsShown
from spanledger_collector.durations import Durations
from spanledger_collector.store import StoreUnavailable
from spanledger_collector.writer import QueueFull

__all__ = ["Watch"]

FIRST_S = 5.0
"""After a start, until the first judgement: senders that waited deliver first."""

_log = logging.getLogger(__name__)


class Watch:
    """Judges again and again.

    Args:
        evaluator: judges once.
        courier: is woken when there is something to tell.
        shown: shows where budgets stand.
        clock: the time, as naive UTC.
        interval_s: from one judgement to the next.
        leads: whether this collector is the one that judges, where several share a ledger.
        judgements: is told of those that could not be made.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        courier: Courier,
        shown: AlertsShown,
        clock: Callable[[], datetime],
        interval_s: float,
        judgements: Judgements,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self.failures = 0
        """Judgements that could not be made."""
        self.seconds = Durations()
        self.last: Outcome | None = None
        self._evaluator = evaluator
        self._courier = courier
        self._shown = shown
        self._clock = clock
        self._interval_s = interval_s
        self.judgements = judgements
        self._leads = leads
        self._one = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="spanledger-alerts", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the judgement under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def judge(self) -> Outcome:
        """Judge now.

        Raises:
            StoreUnavailable: the ledger does not answer or cannot commit now.
            QueueFull: the writer is closing.
        """
        with self._one:
            try:
                # By whole seconds, as windows and links have them: what is told adds up there.
                outcome = self._evaluator.evaluate(self._clock().replace(microsecond=0))
            except Exception as error:
                self.failures += 1
                self.judgements.fail(str(error) or "the ledger takes too long to answer")
                raise
            self.last = outcome
            self.seconds.add(outcome.seconds)
            self._shown.show(self._evaluator.statuses)
        if outcome.told:
            self._courier.wake()
        return outcome

    def _loop(self) -> None:
        due = time.monotonic() + min(FIRST_S, self._interval_s)
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._interval_s, time.monotonic())
            try:
                if self._leads():
                    self.judgements.begin(self._clock())
                    self.judge()
            except (StoreUnavailable, QueueFull, FutureTimeout) as error:
                _log.warning("alerts are judged later, as the ledger is away: %s", error)
            except Exception:  # noqa: BLE001 - this thread must outlive any rule
                _log.exception("a rule broke its judgement")
