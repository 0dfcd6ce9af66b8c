"""Spend with a known truth: seeded, by hour for what is usual, by minute for what is judged."""

from __future__ import annotations

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from spanledger_collector.alerts.detect.profile import Profile, fit
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Hourly, Recent

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")

MONDAY = 490_992
"""The hour, counted from 1970, of Monday 2026-01-05T00Z."""

STEP = 60
WEEKS = 4


class Calls(NamedTuple):
    """Spend made of single calls, by minute."""

    start_hour: int
    usd: Doubles
    calls: Doubles
    squares: Doubles

    def hourly(self, hours: int) -> Hourly:
        """The first hours, as what detectors learn from."""
        minutes = slice(0, hours * 60)
        return Hourly(
            self.start_hour,
            *(table[:, minutes].reshape(len(table), hours, 60).sum(2) for table in self[1:]),
        )

    def recent(self, minute: int, span: int = 1440) -> Recent:
        """What is judged at a minute: the day before it."""
        return Recent(
            self.start_hour * HOUR + minute * STEP, STEP, self.usd[:, minute - span : minute]
        )


def calls(
    groups: int = 1, per_hour: float = 120.0, days: int = 29, usd: float = 0.02, seed: int = 1
) -> Calls:
    """Poisson calls with office hours, each with a cost of its own."""
    random = np.random.default_rng(seed)
    hour = np.arange(days * 1440) // 60
    busy = np.where((hour % 24 >= 8) & (hour % 24 < 18) & (hour // 24 % 7 < 5), 2.0, 0.5)
    count = random.poisson(per_hour / 60 * busy / busy.mean(), (groups, len(hour)))
    cost = random.lognormal(-0.5, 1.0, int(count.sum())) * usd
    place = np.repeat(np.arange(count.size), count.ravel())
    sums = np.bincount(place, cost, count.size).astype(np.float64)
    squares = np.bincount(place, cost**2, count.size).astype(np.float64)
    return Calls(
        MONDAY,
        sums.reshape(count.shape),
        count.astype(np.float64),
        squares.reshape(count.shape),
    )


def learned(spend: Calls, days: int = 28, zone: ZoneInfo = UTC) -> Profile:
    """What is usual by the first days."""
    return fit(spend.hourly(days * 24), zone)
