"""What became of the spans: counted once each, and a way to wait until it is known."""

from __future__ import annotations

import threading
from typing import NamedTuple


class DeliveryStats(NamedTuple):
    """What became of the spans since this process began, or since `instrument()` moved."""

    delivered: int = 0
    """Spans that the collector acknowledged, those that dead processes left in the spool
    included."""
    waiting: int = 0
    """Spans of this process that are still to be delivered."""
    spooled: int = 0
    """How many of the waiting spans are on disk, so that a kill cannot lose them."""
    dropped: int = 0
    """Spans lost to a full buffer, a full spool or a damaged record; the oldest go first."""
    rejected: int = 0
    """Spans that the collector called wrong."""
    spool_failures: int = 0
    """How often the disk refused a record, which then stayed in memory."""


class Tally:
    """Counts under one lock.

    It is reentrant: a span may end in a garbage collection or a signal handler that interrupts
    this very code.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.accepted = 0
        self.kept = 0
        """Spans that left the callers' hands: serialised and in memory or on disk."""
        self.settled = 0
        """Spans of this process that are over: delivered, rejected or dropped."""
        self.delivered = 0
        self.dropped = 0
        self.rejected = 0
        self.spool_failures = 0

    def accept(self, spans: int = 1) -> None:
        """Spans were handed over."""
        with self.changed:
            self.accepted += spans

    def keep(self, spans: int) -> None:
        """Spans are in the store."""
        with self.changed:
            self.kept += spans
            self.changed.notify_all()

    def drop(self, spans: int, *, own: bool = True) -> None:
        """Spans are lost."""
        with self.changed:
            self.dropped += spans
            self._settle(spans, own)

    def answer(self, delivered: int, rejected: int, *, own: bool) -> None:
        """The collector took a batch, perhaps not all of it."""
        with self.changed:
            self.delivered += delivered
            self.rejected += rejected
            self._settle(delivered + rejected, own)

    def fail_to_spool(self) -> None:
        """The disk refused a record."""
        with self.changed:
            self.spool_failures += 1

    def stats(self, spooled: int) -> DeliveryStats:
        """The counts at this moment."""
        with self.changed:
            return DeliveryStats(
                delivered=self.delivered,
                waiting=self.accepted - self.settled,
                spooled=spooled,
                dropped=self.dropped,
                rejected=self.rejected,
                spool_failures=self.spool_failures,
            )

    def _settle(self, spans: int, own: bool) -> None:
        self.settled += spans if own else 0
        self.changed.notify_all()
