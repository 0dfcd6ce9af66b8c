"""What a request may cost: header bytes, and the budget of all bytes held in memory at once."""

from __future__ import annotations

import threading
from types import TracebackType

from spanledger_collector.receive.errors import BodyTooLarge, Overloaded

__all__ = ["MAX_HEADER_BYTES", "InflightBudget", "Lease"]

MAX_HEADER_BYTES = 16 * 1024
WEIGHT = 3
"""What a byte counts: a body is there in parts, then whole, then decoded, two of them at a time and
with what the allocator keeps about three times its size (measured)."""


class InflightBudget:
    """Bytes that all requests together may hold; beyond it, clients are told to retry.

    Args:
        limit: the budget in bytes.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._lock = threading.Lock()

    def lease(self) -> Lease:
        """Start to count the bytes of one request."""
        return Lease(self)

    def take(self, size: int) -> None:
        """Hold more bytes.

        Raises:
            Overloaded: the budget is spent.
        """
        with self._lock:
            if self.held + size > self.limit:
                raise Overloaded(
                    "The collector holds as many request bytes as it may "
                    "(collector.max_inflight_bytes). Send the request again."
                )
            self.held += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self.held -= size


class Lease:
    """What one request holds of the budget; given back when the request is answered."""

    def __init__(self, budget: InflightBudget) -> None:
        self.size = 0
        self._budget = budget

    def grow(self, size: int) -> None:
        """Hold more bytes for this request.

        Raises:
            Overloaded: others hold the rest of the budget.
            BodyTooLarge: the whole budget would not do, now or ever.
        """
        more = size * WEIGHT
        if self.size + more > self._budget.limit:
            raise BodyTooLarge(
                f"The request alone takes more than {self._budget.limit} bytes "
                f"(collector.max_inflight_bytes), in which each byte counts {WEIGHT} times, as "
                "sent and after decompression. Export smaller batches."
            )
        self._budget.take(more)
        self.size += more

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._budget.give(self.size)
        self.size = 0
