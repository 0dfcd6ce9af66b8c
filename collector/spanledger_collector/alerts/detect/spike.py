"""More spend than usual at this time of the week, in windows of minutes to a day ending now."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import maximum_filter1d
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
        Window("10m", 600, 2e-5),
        Window("1h", HOUR, 2e-5),
        Window("6h", 6 * HOUR, 3e-5),
        Window("24h", 24 * HOUR, 1e-4),
    )
    factor: float = 1.5
    floor_usd: float = 1.0
    """Dollars above the expectation that are not worth a message."""
    calls_deep: float = 2.0
    """Where the costs of single calls are known, the excess has to be so many times their root sum
    of squares: one dear call is no spike."""
    still_probability: float = 0.02
    """Of the next shorter window, for those of many hours: what is over is no spike any more."""
    rest_probability: float = 0.02
    """Of a window of many hours when its worst part, as long as the next shorter window, is held at
    what is expected: what a shorter window tells, or told, is not told again."""
    drift: float = 0.12
    """How far the level may have moved since it was learned, as a share."""
    severe_factor: float = 5.0
    min_days: float = 14.0
    """A younger group is left to caps and budgets."""
    min_clumps: float = 20.0
    """Whose spend came in fewer independent pieces is left to them, too."""
    min_coverage: float = 0.5
    """The share of a window that has to be known."""


_NEARLY_ALL = 0.8

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
    lengths = [window.seconds // recent.step for window in spike.windows]
    covered = _sliding(known.astype(np.float64), lengths, times)
    seen = covered >= spike.min_coverage * np.array(lengths)[:, None]
    usd = _sums(profile, recent.usd, recent, spike, times)
    beyond = usd.observed - usd.expected
    far = seen & (usd.observed > spike.factor * usd.expected)
    far &= (profile.days >= spike.min_days)[:, None, None]
    many = far
    if recent.squares is not None:
        squares = _sliding(np.where(known, recent.squares, 0.0), lengths, times)
        many = far & (beyond > spike.calls_deep * np.sqrt(np.maximum(squares, 0.0)))
    asked = np.full_like(far, True) if times == 1 else many
    probability = _tail(usd.observed, usd.expected, usd.variance, asked)
    rare = _rare(usd, many & _known_well(profile, spike), probability, spike)
    if recent.calls is not None and profile.calls is not None:
        calls = _sums(profile.calls, recent.calls, recent, spike, times)
        odds = _tail(calls.observed, calls.expected, calls.variance, far)
        rare |= _rare(calls, far & _known_well(profile.calls, spike), odds, spike)
        probability = np.minimum(probability, odds)
    fires = rare & (beyond > spike.floor_usd)
    return Scan(usd.observed, usd.expected, usd.variance, probability, seen, rare, fires)


def _known_well(profile: Profile, spike: Spike) -> Flags:
    return np.asarray(profile.clumps >= spike.min_clumps)[:, None, None]


class _Sums(NamedTuple):
    """One measure in every window at every time."""

    observed: Doubles
    expected: Doubles
    variance: Doubles
    rest: Doubles
    """The sum with the worst part of a long window held at what is expected of it."""


def _sums(profile: Profile, table: Doubles, recent: Recent, spike: Spike, times: int) -> _Sums:
    known = ~np.isnan(recent.usd)
    spent = np.where(known, table, 0.0)
    due = np.where(known, by_step(profile.hourly, profile, recent), 0.0)
    due = due * profile.level[:, None]
    rough = np.where(known, by_step(profile.rough, profile, recent), 0.0)
    lengths = [window.seconds // recent.step for window in spike.windows]
    observed, expected, rough = (_sliding(x, lengths, times) for x in (spent, due, rough))
    expected = np.maximum(expected, 1e-12)
    rough = profile.level[:, None, None] * rough
    spans = [_span(window.seconds) for window in spike.windows]
    spread = profile.spread[:, None, None] ** 2
    variance = profile.swell[:, spans, None] * (rough + (spread + spike.drift**2) * expected**2)
    rest = observed.copy()
    for number, window in enumerate(spike.windows):
        if number and window.seconds > HOUR:
            worst = _worst(spent - due, lengths[number - 1], lengths[number], times)
            rest[:, number] -= np.maximum(worst, 0.0)
    return _Sums(observed, expected, np.maximum(variance, 1e-24), rest)


def _rare(sums: _Sums, far: Flags, probability: Doubles, spike: Spike) -> Flags:
    """Improbable in more than one part of the window, and still going on."""
    limits = np.array([window.probability for window in spike.windows])[:, None]
    rare = far & (probability < limits)
    inner = [number for number, window in enumerate(spike.windows) if window.seconds > HOUR]
    shorter = [number - 1 for number in inner]
    asked = np.zeros_like(rare)
    asked[:, shorter] = rare[:, inner]
    now = _tail(sums.observed, sums.expected, sums.variance, asked)[:, shorter]
    asked = np.zeros_like(rare)
    asked[:, inner] = rare[:, inner]
    rest = _tail(np.maximum(sums.rest, 0.0), sums.expected, sums.variance, asked)[:, inner]
    late = now < limits[shorter]
    rare[:, inner] &= (now < spike.still_probability) & ((rest < spike.rest_probability) | late)
    return rare


def _worst(beyond: Doubles, part: int, length: int, times: int) -> Doubles:
    """The largest sum of a part of the window at each time."""
    short = max(length + times - beyond.shape[1], 0)
    sums = np.pad(np.cumsum(beyond, axis=1), ((0, 0), (1 + short, 0)))
    parts = sums[:, part:] - sums[:, :-part]  # the n-th ends before step n + part
    count = length - part + 1
    wide = maximum_filter1d(parts, count, axis=1, origin=(count - 1) // 2, mode="nearest")
    return np.asarray(wide[:, -times:])


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
    """Say of each group whether a window that ends now holds a spike."""
    found = scan(profile, recent, spike)
    few = ~_known_well(profile, spike)
    if recent.calls is not None and profile.calls is not None:
        few &= ~_known_well(profile.calls, spike)
    quiet = np.where(few.ravel(), "too_few", "")
    quiet = np.where(profile.days < spike.min_days, "cold_start", quiet)
    return [
        _verdict(found.at(row), str(quiet[row]), recent.end, spike)
        for row in range(len(recent.usd))
    ]


def _speaking(found: Scan, spike: Spike) -> int:
    """Of the windows that fire the shortest with nearly all of the excess, or the least probable.

    The least probable of those that fire would be another one each minute, and the excess jump.
    """
    beyond = np.where(found.fires, found.observed - found.expected, -np.inf)
    if found.fires.any():
        return int(np.argmax(beyond >= _NEARLY_ALL * beyond.max()))
    limits = np.array([window.probability for window in spike.windows])
    choice = found.rare if found.rare.any() else found.known
    return int(np.argmin(np.where(choice, found.probability / limits, np.inf)))


def _verdict(found: Scan, quiet: str, end: int, spike: Spike) -> Verdict:
    best = _speaking(found, spike)
    window = spike.windows[best]
    if not found.known.any():
        reason = "missing_hours"
    elif quiet:
        reason = quiet
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
        severe=bool((found.fires & (found.observed > spike.severe_factor * found.expected)).any()),
        observed=float(found.observed[best]),
        expected=mean,
        low=low,
        high=high,
        window=trailing(end, window.seconds),
        probability=None if reason in ("missing_hours", quiet) else float(found.probability[best]),
        reason=reason,
    )
