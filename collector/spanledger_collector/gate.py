"""The collector's gate: how many requests are under way, and whether it still lets any in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Gate"]


class Gate:
    """Passed by every request, whichever transport carries it."""

    def __init__(self) -> None:
        self.closing = False
        self._running = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request until it is answered."""
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def close(self, patience_s: float) -> None:
        """Turn new requests away, and wait for those that are under way."""
        self.closing = True
        try:
            await asyncio.wait_for(self._idle.wait(), patience_s)
        except asyncio.TimeoutError:
            return  # their clients get no answer, and send again
