"""What detectors are given and what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "HOUR",
    "Doubles",
    "Flags",
    "Hourly",
    "Interval",
    "Ints",
    "Recent",
    "Verdict",
    "blanked",
    "trailing",
]

Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

Interval = tuple[int, int]
"""From one epoch second until before another."""

HOUR = 3600


class Hourly(NamedTuple):
    """Spend by hour, one row a group; NaN where nothing is known because ingest was down.

    An hour without a call while ingest was up is 0. One group may come as a plain row.
    """

    start_hour: int
    """The first hour, counted from 1970-01-01T00Z."""
    usd: Doubles
    calls: Doubles
    squares: Doubles | None = None
    """The sum of the squared costs of an hour's calls, for how rough the spend is by nature."""

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return int(self.usd.shape[-1])


class Recent(NamedTuple):
    """Spend by steps of some minutes up to now, one row a group; NaN where ingest was down."""

    end: int
    """The epoch second at which the last step ends."""
    step: int
    """Seconds a step; a divisor of 3600."""
    usd: Doubles
    squares: Doubles | None = None
    """The sum of the squared costs of a step's calls, to tell many calls from a few dear ones."""
    calls: Doubles | None = None
    """How many there were: a witness beside their dollars where costs vary wildly."""


class Verdict(NamedTuple):
    """What a detector says of one group at one time."""

    fires: bool
    severe: bool
    """So far out that one evaluation is enough."""
    observed: float
    expected: float
    low: float
    high: float
    """The range in which nine of ten such windows lie."""
    window: Interval
    probability: float | None
    """That as much is seen when nothing is wrong; none where the detector does not reckon so."""
    reason: str
    """One machine word: what fired, or why nothing could."""


def trailing(end: int, seconds: int) -> Interval:
    """The window of some seconds that ends now."""
    return end - seconds, end


def blanked(usd: Doubles, start: int, step: int, intervals: Iterable[Interval]) -> Doubles:
    """The same sums, unknown wherever a step touches one of the intervals."""
    kept = usd.copy()
    for first, last in intervals:
        begin = max((first - start) // step, 0)
        end = max(-((start - last) // step), 0)
        kept[..., begin:end] = np.nan
    return kept
