"""Which stretches of time a batch has to be compared with; knows no database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from spanledger_collector.store.reports import WINDOW_US

__all__ = ["Window", "microseconds", "windows"]

MOST_WINDOWS: Final = 8
"""Lookups a batch at most: each is one more statement."""
_EPOCH = datetime(1970, 1, 1)


class Window(NamedTuple):
    """Rows of a batch that lie close together, and when what belongs to them may have started."""

    rows: pa.Table
    first: datetime
    last: datetime

    @property
    def bounds(self) -> dict[str, object]:
        """The parameters of a statement that looks only here."""
        return {"first": self.first, "last": self.last}


def windows(rows: pa.Table, column: str = "start_time") -> Iterator[Window]:
    """Split rows where their times lie so far apart that comparing all at once would cost more.

    One call that comes a day late would otherwise have the whole batch compared with a day.
    """
    if not rows.num_rows:
        return
    times = microseconds(rows, column)
    ordered = np.sort(times)
    gaps = np.diff(ordered)
    wide = np.argsort(gaps)[::-1][: MOST_WINDOWS - 1]
    cuts = np.sort(wide[gaps[wide] > 2 * WINDOW_US])
    starts = [ordered[0], *ordered[cuts + 1]]
    ends = [*ordered[cuts], ordered[-1]]
    for start, end in zip(starts, ends, strict=True):
        part = rows if len(starts) == 1 else rows.filter((times >= start) & (times <= end))
        yield Window(part, _instant(start - WINDOW_US), _instant(end + WINDOW_US))


def microseconds(rows: pa.Table, column: str) -> npt.NDArray[np.int64]:
    """A column of instants as whole microseconds since 1970."""
    return np.asarray(rows[column].cast(pa.int64()), dtype=np.int64)


def _instant(microsecond: np.int64) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microsecond))
