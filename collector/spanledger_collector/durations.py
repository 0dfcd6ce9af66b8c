"""How long something took, as a histogram that one thread writes and others read."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

__all__ = ["BOUNDS_S", "Durations"]

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Durations:
    """Counts by upper bound in seconds; the last count is of all that took longer."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self.sum_s = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds

    def cumulative(self) -> list[tuple[str, float]]:
        """How many took at most so long, for each bound, as Prometheus writes it."""
        bounds = [*(str(bound) for bound in BOUNDS_S), "+Inf"]
        return list(zip(bounds, accumulate(map(float, self._counts)), strict=True))
