"""More spend than usual at this time of the week, in windows of minutes to a day ending now."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, gammaincinv

from spanledger_collector.alerts.detect.profile import SPANS, Profile
from spanledger_collector.alerts.detect.series import (
    HOUR,
    Doubles,
    Flags,
    Recent,
    Verdict,
    trailing,
)
from spanledger_collector.alerts.detect.weeks import hours_of_week

__all__ = ["USUAL", "Scan", "Spike", "Window", "judge", "scan"]


class Window(NamedTuple):
    """How long to look back, and how improbable a sum has to be."""

    name: str
    seconds: int
    probability: float


class Spike(NamedTuple):
    """When spend is a spike."""

    windows: tuple[Window, ...] = (
        Window("10m", 600, 1e-6),
        Window("1h", HOUR, 3e-4),
        Window("6h", 6 * HOUR, 2e-4),
        Window("24h", 24 * HOUR, 1e-3),
    )
    factor: float = 1.5
    floor_usd: float = 1.0
    """Dollars above the expectation that are not worth a message."""
    calls_deep: float = 2.0
    """Where the costs of single calls are known, the excess has to be so many times their root sum
    of squares: one dear call is no spike."""
    record_factor: float = 1.3
    """So many times what the second dearest day had at such an hour."""
    still_probability: float = 0.02
    """Of the next shorter window, for those of many hours: what is over is no spike any more."""
    drift: float = 0.12
    """How far the level may have moved since it was learned, as a share."""
    hold_seconds: int = 600
    """How long a sum has to stay improbable …"""
    hold_probability: float = 1e-8
    """… unless it is as improbable as this."""
    severe_factor: float = 5.0
    min_days: float = 14.0
    """A younger group is left to caps and budgets."""
    min_coverage: float = 0.5
    """The share of a window that has to be known."""


USUAL = Spike()
"""The defaults."""


class Scan(NamedTuple):
    """Every window at every time; group, window, time."""

    observed: Doubles
    expected: Doubles
    variance: Doubles
    probability: Doubles
    """That as much is seen when nothing is wrong; 1 where the factor alone rules a spike out."""
    known: Flags
    rare: Flags
    """Improbable and far above the expectation, however few dollars it is."""
    fires: Flags

    def at(self, group: int, time: int = -1) -> Scan:
        """The windows of one group at one time."""
        return Scan(*(table[group, :, time] for table in self))  # type: ignore[arg-type]  # numbers stay numbers, flags stay flags


def scan(profile: Profile, recent: Recent, spike: Spike = USUAL, *, times: int = 1) -> Scan:
    """Look at the windows ending at each of the last times, one step apart.

    Steps that are not known count neither as spend nor as expectation.
    """
    known = ~np.isnan(recent.usd)
    tables = (
        np.where(known, recent.usd, 0.0),
        np.where(known, by_step(profile.hourly, profile, recent), 0.0),
        np.where(known, by_step(profile.rough, profile, recent), 0.0),
        known.astype(np.float64),
    )
    lengths = [window.seconds // recent.step for window in spike.windows]
    before = spike.hold_seconds // recent.step
    times += before
    observed, usual, rough, covered = (_sliding(table, lengths, times) for table in tables)
    expected = np.maximum(usual * profile.level[:, None, None], 1e-12)
    swell = profile.swell[:, [_span(window.seconds) for window in spike.windows], None]
    level = profile.level[:, None, None]
    stray = profile.spread[:, None, None] ** 2 + spike.drift**2
    variance = swell * (level * rough + stray * expected**2)
    variance = np.maximum(variance, 1e-24)
    limits = np.array([window.probability for window in spike.windows])[:, None]
    seen = covered >= spike.min_coverage * np.array(lengths)[:, None]
    far = seen & (observed > spike.factor * expected)
    if recent.squares is not None:
        (squares,) = (_sliding(np.where(known, recent.squares, 0.0), lengths, times),)
        far &= observed - expected > spike.calls_deep * np.sqrt(np.maximum(squares, 0.0))
    far &= observed > spike.record_factor * level * _records(profile, recent, spike, times)
    inner = [number for number, window in enumerate(spike.windows) if window.seconds > HOUR]
    asked = far.copy()
    asked[:, [number - 1 for number in inner]] |= far[:, inner]
    probability = _tail(
        observed, expected, variance, asked if times > before + 1 else np.full_like(far, True)
    )
    still = probability[:, [number - 1 for number in inner]] < spike.still_probability
    far[:, inner] &= still
    rare = far & (probability < limits) & (profile.days >= spike.min_days)[:, None, None]
    rare = _held(rare, before) | (rare & (probability < spike.hold_probability))[:, :, before:]
    observed, expected, variance, probability = (
        table[:, :, before:] for table in (observed, expected, variance, probability)
    )
    fires = rare & (observed - expected > spike.floor_usd)
    return Scan(observed, expected, variance, probability, seen[:, :, before:], rare, fires)


def _held(flags: Flags, before: int) -> Flags:
    """Whether a flag has been up ever since so many times ago."""
    counts = np.pad(np.cumsum(flags, axis=2), ((0, 0), (0, 0), (1, 0)))
    return counts[:, :, before + 1 :] - counts[:, :, : -before - 1] == before + 1


def _records(profile: Profile, recent: Recent, spike: Spike, times: int) -> Doubles:
    hours = (recent.end - 1 - recent.step * np.arange(times - 1, -1, -1)) // HOUR
    first = int(hours[0])
    week = hours_of_week(first, int(hours[-1]) - first + 1, profile.zone)[hours - first]
    kinds = (week >= 5 * 24).astype(np.int64)
    spans = [_span(window.seconds) for window in spike.windows]
    share = np.array([min(window.seconds / HOUR, 1.0) ** 0.5 for window in spike.windows])
    return np.asarray(profile.record[:, spans][:, :, kinds, hours % 24] * share[:, None])


def _sliding(table: Doubles, lengths: list[int], times: int) -> Doubles:
    ends = np.arange(table.shape[1] - times + 1, table.shape[1] + 1)
    sums = np.pad(np.cumsum(table, axis=1), ((0, 0), (1, 0)))
    return np.stack(
        [sums[:, ends] - sums[:, np.maximum(ends - length, 0)] for length in lengths], axis=1
    )


def _tail(observed: Doubles, expected: Doubles, variance: Doubles, asked: Flags) -> Doubles:
    """Of the gamma distribution with this mean and variance, where asked."""
    mean, spread = expected[asked], variance[asked]
    tail = np.ones_like(observed)
    tail[asked] = gammaincc(mean**2 / spread, observed[asked] * mean / spread)
    return tail


def _span(seconds: int) -> int:
    return next((n for n, hours in enumerate(SPANS) if seconds <= hours * HOUR), len(SPANS) - 1)


def by_step(table: Doubles, profile: Profile, recent: Recent) -> Doubles:
    """What a table by hour of the week has for each step."""
    steps = recent.usd.shape[1]
    hours = (recent.end - recent.step * np.arange(steps, 0, -1)) // HOUR
    first = int(hours[0])
    week = hours_of_week(first, int(hours[-1]) - first + 1, profile.zone)[hours - first]
    return table[:, week] * (recent.step / HOUR)


def judge(profile: Profile, recent: Recent, spike: Spike = USUAL) -> list[Verdict]:
    """Say of each group whether a window that ends now holds a spike.

    The window that is least probable speaks.
    """
    found = scan(profile, recent, spike)
    return [
        _verdict(found.at(row), float(profile.days[row]), recent.end, spike)
        for row in range(len(recent.usd))
    ]


def _verdict(found: Scan, days: float, end: int, spike: Spike) -> Verdict:
    limits = np.array([window.probability for window in spike.windows])
    choice = next((flags for flags in (found.fires, found.rare) if flags.any()), found.known)
    best = int(np.argmin(np.where(choice, found.probability / limits, np.inf)))
    window = spike.windows[best]
    if not found.known.any():
        reason = "missing_hours"
    elif days < spike.min_days:
        reason = "cold_start"
    elif found.fires.any():
        reason = f"spike_{window.name}"
    else:
        reason = "below_floor" if found.rare.any() else "usual"
    fires = reason.startswith("spike_")
    mean, variance = float(found.expected[best]), float(found.variance[best])
    low, high = (
        float(gammaincinv(mean**2 / variance, share)) * variance / mean for share in (0.05, 0.95)
    )
    return Verdict(
        fires=fires,
        severe=fires and bool(found.observed[best] > spike.severe_factor * mean),
        observed=float(found.observed[best]),
        expected=mean,
        low=low,
        high=high,
        window=trailing(end, window.seconds),
        probability=None
        if reason in ("missing_hours", "cold_start")
        else float(found.probability[best]),
        reason=reason,
    )
