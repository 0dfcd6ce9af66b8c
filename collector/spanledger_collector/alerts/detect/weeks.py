"""Which hour of the local week an hour is: people work by their clocks, not by UTC."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

import numpy as np

from spanledger_collector.alerts.detect.series import HOUR, Ints

__all__ = ["CELLS", "WEEK", "hours_of_week"]

WEEK = 168


@lru_cache(maxsize=64)
def hours_of_week(start_hour: int, hours: int, zone: tzinfo) -> Ints:
    """The hour of the local week, 0 on Monday at midnight, for hours counted from 1970.

    When clocks go back an hour of the week comes twice, when they go forward one is left out. In
    zones off by half an hour, an hour belongs to the local hour in which it begins.
    """
    stamps = range(start_hour * HOUR, (start_hour + hours) * HOUR, HOUR)
    local = [datetime.fromtimestamp(stamp, zone) for stamp in stamps]
    answer = np.array([time.weekday() * 24 + time.hour for time in local], np.int64)
    answer.flags.writeable = False  # it is handed out again
    return answer


def _cells() -> Ints:
    hour = np.arange(WEEK)
    return np.where(hour < 5 * 24, hour % 24, 24 + hour % 24)


CELLS = _cells()
"""For each hour of the week its hour of a working day, or 24 more for one of the weekend."""
