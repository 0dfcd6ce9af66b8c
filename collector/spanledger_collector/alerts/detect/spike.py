"""More spend than usual at this time of the week: windows of 1, 6 and 24 hours ending now."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, gammaincinv

from spanledger_collector.alerts.detect.profile import Profile
from spanledger_collector.alerts.detect.series import (
    HOUR,
    Doubles,
    Flags,
    Recent,
    Verdict,
    trailing,
)
from spanledger_collector.alerts.detect.weeks import hours_of_week

__all__ = ["USUAL", "Spike", "Tails", "Window", "judge", "tails"]


class Window(NamedTuple):
    """How long to look back, and how improbable a sum has to be."""

    name: str
    seconds: int
    probability: float


class Spike(NamedTuple):
    """When spend is a spike."""

    windows: tuple[Window, ...] = (
        Window("1h", HOUR, 1e-5),
        Window("6h", 6 * HOUR, 1e-5),
        Window("24h", 24 * HOUR, 1e-4),
    )
    factor: float = 1.5
    floor_usd: float = 1.0
    """Dollars above the expectation that are not worth a message."""
    severe_factor: float = 5.0
    min_days: float = 14.0
    """A younger group is left to caps and budgets."""
    min_coverage: float = 0.5
    """The share of a window that has to be known."""


USUAL = Spike()
"""The defaults."""


class Tails(NamedTuple):
    """Sums against what is expected; one row a group, one column a window or a time."""

    observed: Doubles
    expected: Doubles
    variance: Doubles
    probability: Doubles


def tails(profile: Profile, observed: Doubles, usual: Doubles) -> Tails:
    """How probable sums are, given the profile's sums for the same hours, before the level."""
    shape = (-1, *[1] * (observed.ndim - 1))
    expected = usual * profile.level.reshape(shape)
    variance = profile.roughness.reshape(shape) * expected
    variance = np.maximum(variance + (profile.spread.reshape(shape) * expected) ** 2, 1e-24)
    held = np.maximum(expected, 1e-12)
    return Tails(
        observed, expected, variance, gammaincc(held**2 / variance, observed * held / variance)
    )


def judge(profile: Profile, recent: Recent, spike: Spike = USUAL) -> list[Verdict]:
    """Say of each group whether a window that ends now holds a spike.

    The window that is least probable speaks. Steps that are not known count neither as spend nor
    as expectation.
    """
    known = ~np.isnan(recent.usd)
    usual = np.where(known, usual_by_step(profile, recent), 0.0)
    spent = np.where(known, recent.usd, 0.0)
    lengths = [window.seconds // recent.step for window in spike.windows]
    sums, means, covered = (
        np.stack([table[:, -length:].sum(1) for length in lengths], axis=1)
        for table in (spent, usual, known.astype(np.float64))
    )
    found = tails(profile, sums, means)
    seen = covered / np.array(lengths) >= spike.min_coverage
    return [
        _verdict(row, profile.days[row], found, seen[row], recent.end, spike)
        for row in range(len(sums))
    ]


def usual_by_step(profile: Profile, recent: Recent) -> Doubles:
    """What the profile has for each step, before the level."""
    steps = recent.usd.shape[1]
    hours = (recent.end - recent.step * np.arange(steps, 0, -1)) // HOUR
    first = int(hours[0])
    week = hours_of_week(first, int(hours[-1]) - first + 1, profile.zone)[hours - first]
    return profile.hourly[:, week] * (recent.step / HOUR)


def _verdict(row: int, days: float, found: Tails, seen: Flags, end: int, spike: Spike) -> Verdict:
    observed, expected, variance, p = (table[row] for table in found)
    limits = np.array([window.probability for window in spike.windows])
    rare = seen & (p < limits) & (observed > spike.factor * expected)
    worth = rare & (observed - expected > spike.floor_usd)
    choice = worth if worth.any() else rare if rare.any() else seen
    best = int(np.argmin(np.where(choice, p / limits, np.inf)))
    window = spike.windows[best]
    if not seen.any():
        reason = "missing_hours"
    elif days < spike.min_days:
        reason = "cold_start"
    elif worth.any():
        reason = f"spike_{window.name}"
    else:
        reason = "below_floor" if rare.any() else "usual"
    mean, spread = float(expected[best]), float(variance[best])
    shape = max(mean, 1e-12) ** 2 / spread
    low, high = (float(gammaincinv(shape, q)) * spread / max(mean, 1e-12) for q in (0.05, 0.95))
    fires = reason.startswith("spike_")
    return Verdict(
        fires=fires,
        severe=fires and bool(observed[best] > spike.severe_factor * mean),
        observed=float(observed[best]),
        expected=mean,
        low=low,
        high=high,
        window=trailing(end, window.seconds),
        probability=None if reason in ("missing_hours", "cold_start") else float(p[best]),
        reason=reason,
    )
