"""Too many dollars in five minutes, whatever is usual: catches a loop on its first day."""

from __future__ import annotations

import numpy as np
from scipy.special import gammainccinv

from spanledger_collector.alerts.detect.profile import Profile
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Verdict, trailing

__all__ = ["SECONDS", "judge", "suggested"]

SECONDS = 300


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
