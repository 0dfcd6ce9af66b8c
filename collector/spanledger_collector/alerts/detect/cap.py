"""Too many dollars in five minutes, whatever is usual: catches a loop on its first day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammainccinv

from spanledger_collector.alerts.detect.profile import Profile
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Verdict, trailing

__all__ = ["DAYS", "FEW_CALLS", "SECONDS", "Days", "Learned", "judge", "learned", "suggested"]

SECONDS = 300
DAYS = 14
"""The days of which the dearest minutes are looked at."""
_LEAST_DAYS = 3
FACTOR = 2.0
"""So many times the dearest usual minutes, or the busiest, are out of reach."""
_FAR = 3.0
"""So many times what the dearest hour of the week usually costs are far too much when there are
also more calls than ever."""
FEW_CALLS = 5
"""One dear call is no loop: a cap that is learned wants so many within its minutes."""
YOUNG_USD = 50.0
"""The cap of a group of which no three days are known."""


def judge(
    usd: Doubles, cap_usd: float | Doubles, end: int, seconds: int = SECONDS
) -> list[Verdict]:
    """Compare what each group spent in the last seconds with its cap."""
    return [
        Verdict(
            fires=bool(spent > cap),
            severe=bool(spent > cap),
            observed=float(spent),
            expected=float(cap),
            low=0.0,
            high=float(cap),
            window=trailing(end, seconds),
            probability=None,
            reason="cap" if spent > cap else "usual",
        )
        for spent, cap in zip(usd, np.broadcast_to(cap_usd, np.shape(usd)), strict=True)
    ]


def suggested(profile: Profile, least_usd: float = 1.0, seconds: int = SECONDS) -> Doubles:
    """A cap for each group that its busiest usual hour does not reach, once in a million times."""
    busiest = np.argmax(profile.hourly, axis=1)[:, None]
    share = seconds / HOUR
    mean, variance = (
        np.take_along_axis(table, busiest, axis=1)[:, 0] * profile.level * share
        for table in (profile.hourly, profile.rough)
    )
    mean = np.maximum(mean, 1e-12)
    variance = np.maximum(variance * profile.swell[:, 0] + (profile.spread * mean) ** 2, 1e-24)
    rare = gammainccinv(mean**2 / variance, 1e-6) * variance / mean
    caps: Doubles = np.maximum(rare, least_usd)
    return caps


class Learned(NamedTuple):
    """Caps that follow from what groups usually do, one value a group."""

    usd: Doubles
    calls: Doubles
    """More than these …"""
    usd_with_calls: Doubles
    """… and more dollars than these are a loop, too, where costs vary wildly."""

    def of(self, calls: Doubles) -> Doubles:
        """The dollars that are too much for so many calls."""
        caps = np.where(calls > self.calls, np.minimum(self.usd, self.usd_with_calls), self.usd)
        return np.where(calls >= FEW_CALLS, caps, np.inf)


class Days(NamedTuple):
    """The dearest and the busiest minutes of each day; group, day; NaN where it is no example."""

    usd: Doubles
    calls: Doubles


def learned(
    profile: Profile,
    days: Days,
    floor_usd: float,
    seconds: int = SECONDS,
    factor: float = FACTOR,
) -> Learned:
    """A cap for each group out of reach of all that it usually does.

    Twice the dearest minutes of all days but the dearest, so that one loop teaches nothing, and
    above what its dearest hour of the week may come to by chance.

    Args:
        profile: of the groups.
        days: of the same groups.
        floor_usd: a cap is not below it.
        seconds: of the window.
        factor: the times.
    """
    young = (np.nan_to_num(days.usd) > 0).sum(1) < _LEAST_DAYS
    usd, calls = (np.sort(np.nan_to_num(table), axis=1)[:, -2:][:, 0] for table in days)
    caps = np.maximum(factor * usd, suggested(profile, floor_usd, seconds))
    usual = profile.hourly.max(1) * profile.level * seconds / HOUR
    return Learned(
        np.where(young, np.maximum(YOUNG_USD, caps), caps),
        np.where(young, np.inf, factor * calls),
        np.maximum(_FAR * usual, floor_usd),
    )
