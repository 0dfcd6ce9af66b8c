"""Empties the outbox: what is due is sent, what fails waits longer each time, in its own thread.

A message is given out for a while to one sender alone, by a transaction; only then is it sent. What
a killed collector had in hand is given out again, with the same key.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from datetime import datetime, timedelta
from typing import Any

from spanledger_collector.alerts.evaluator import Run
from spanledger_collector.alerts.ledger import Settled, ask, settled_rows
from spanledger_collector.alerts.reading import epoch
from spanledger_collector.alerts.telling import Undelivered, tell
from spanledger_collector.settings import Channel
from spanledger_collector.store import Store, StoreUnavailable
from spanledger_collector.writer import QueueFull

__all__ = ["Courier", "backoff"]

FIRST_RETRY_S, LONGEST_RETRY_S = 10.0, 600.0
PATIENCE = timedelta(days=3)
LEASE = timedelta(minutes=5)
MOST = 50
TURN_S = 15.0
"""So long one channel may keep the others waiting, and the message after it."""
POLL_S = 5.0
COMMIT_PATIENCE_S = 60.0

_log = logging.getLogger(__name__)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many tries."""
    seconds: float = FIRST_RETRY_S * 2 ** min(attempts - 1, 16)
    return timedelta(seconds=min(seconds, LONGEST_RETRY_S))


class Courier:
    """Sends what waits.

    Args:
        store: the ledger, from which is read.
        run: how to write to it.
        channels: whom to tell, by name.
        clock: the time, as naive UTC.
    """

    def __init__(
        self,
        store: Store,
        run: Run,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
    ) -> None:
        self.sent: Counter[tuple[str, ...]] = Counter()
        """Tries by channel and outcome."""
        self._store = store
        self._run = run
        self._channels = channels
        self._clock = clock
        self._holder = uuid.uuid4().hex
        self._unsettled: list[Settled] = []
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._loop, name="spanledger-courier", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once: something was queued."""
        self._wake.set()

    def close(self) -> None:
        """Finish what is in hand and stop."""
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def deliver(self) -> int:
        """Send everything that is due now, each once; say how many were tried.

        Raises:
            StoreUnavailable: the ledger does not answer or cannot commit now.
            QueueFull: the writer is closing.
        """
        self._settle([])
        tried = 0
        while not self._closing and (due := self._leased()):
            by_channel: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
            for row in due:
                by_channel[row["channel"]].append(row)
            with ThreadPoolExecutor(min(len(by_channel), 8)) as threads:
                settled = list(threads.map(self._send_all, by_channel.values()))
            self._settle([each for some in settled for each in some])
            tried += len(due)
        return tried

    def _leased(self) -> list[dict[str, Any]]:
        now = self._clock()
        if not ask(self._store, "due_sends", {"now": now, "most": 1}).num_rows:
            return []  # most of the time; a transaction would be a commit
        until = now + LEASE
        done = self._run(lambda: self._store.lease_sends(now, until, self._holder, MOST))
        rows: list[dict[str, Any]] = done.result(COMMIT_PATIENCE_S).to_pylist()
        return rows

    def _send_all(self, rows: list[dict[str, Any]]) -> list[Settled]:
        """Send one after another; of a channel that takes long the rest waits for the next turn."""
        settled: list[Settled] = []
        late = time.monotonic() + TURN_S
        for row in rows:
            waits = settled and time.monotonic() > late
            settled.append(self._later(row) if waits else self._send(row))
        return settled

    def _later(self, row: dict[str, Any]) -> Settled:
        now, tries, error = self._clock(), row["attempts"], row["error"]
        return Settled(row["send_id"], self._holder, "waiting", tries, now, None, error)

    def _send(self, row: dict[str, Any]) -> Settled:
        name, now = row["channel"], self._clock()
        channel = self._channels.get(name)
        attempts = row["attempts"] + 1
        try:
            _tell(channel, row["body"], row["send_id"], epoch(now))
        except Undelivered as error:
            self.sent[name, "failed"] += 1
            over = channel is None or now - row["queued_at"] >= PATIENCE
            _log.log(
                logging.ERROR if over else logging.WARNING,
                "an alert could not be told to %r%s: %s",
                name,
                ", and is given up" if over else ", and is tried again",
                error,
            )
            state = "given_up" if over else "waiting"
            next_at = now + backoff(attempts)
            return Settled(row["send_id"], self._holder, state, attempts, next_at, None, str(error))
        self.sent[name, "sent"] += 1
        return Settled(row["send_id"], self._holder, "sent", attempts, now, now, None)

    def _settle(self, settled: list[Settled]) -> None:
        self._unsettled += settled
        if self._unsettled:
            rows = settled_rows(self._unsettled)
            self._run(lambda: self._store.settle_sends(rows)).result(COMMIT_PATIENCE_S)
            self._unsettled = []

    def _release(self) -> None:
        now = self._clock()
        self._run(lambda: self._store.release_sends(now)).result(COMMIT_PATIENCE_S)

    def _loop(self) -> None:
        released = False
        while not self._closing:
            try:
                if not released:
                    self._release()
                    released = True
                self.deliver()
            except (StoreUnavailable, QueueFull, FutureTimeout) as error:
                _log.warning("alerts wait, as the ledger is away: %s", error)
            except Exception:  # noqa: BLE001 - this thread must outlive any message
                _log.exception("an alert broke its delivery")
            self._wake.wait(POLL_S)
            self._wake.clear()


def _tell(channel: Channel | None, body: str, send_id: str, timestamp: int) -> None:
    if channel is None:
        raise Undelivered("there is no channel of this name any more")
    tell(channel, body, send_id, timestamp)
