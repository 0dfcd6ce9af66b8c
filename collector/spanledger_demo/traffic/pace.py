"""Random pacing that a stop interrupts at once, for threads and for tasks alike."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from typing import TextIO


class Pace:
    """Says when the next interaction is due, and when it is time to stop."""

    def __init__(self, rate: float, duration_s: float | None, rng: random.Random) -> None:
        self.rng = rng
        self._rate = rate
        self._ends_at = None if duration_s is None else time.monotonic() + duration_s
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let every wait end, with False."""
        self._stopped.set()

    def stop_at_end_of(self, stream: TextIO) -> None:
        """Stop when a stream ends: standard input does when the parent process is gone."""

        def watch() -> None:
            while stream.readline():
                pass
            self.stop()

        threading.Thread(target=watch, name="stdin", daemon=True).start()

    def wait(self) -> bool:
        """Wait for the next interaction; False when there is to be none."""
        gap_s = self.rng.expovariate(self._rate)
        if self._ends_at is not None:
            left_s = self._ends_at - time.monotonic()
            if left_s < gap_s:
                self._stopped.wait(max(0.0, left_s))
                return False
        return not self._stopped.wait(gap_s)

    async def wait_async(self) -> bool:
        """Wait as `wait` does, without holding up the event loop."""
        return await asyncio.to_thread(self.wait)
