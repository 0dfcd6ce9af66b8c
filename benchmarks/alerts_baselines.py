"""Detectors to compare with: four simple ones, and the gamma formula that ours grew out of.

All judge closed hours. They know nothing of incidents that are going on, but for the gamma formula,
which learns from hours in which nothing fired.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from alerts_traffic import DAYS, PER_HOUR, QUIET_DAYS, STEPS, Doubles, Traffic
from scipy.special import gammaincc

from spanledger_collector.alerts.detect.series import Flags
from spanledger_collector.alerts.detect.weeks import CELLS, WEEK

__all__ = ["BASELINES", "by_hour", "rows"]

_HOURS = DAYS * 24
_BEGIN = QUIET_DAYS * 24


def rows(table: Doubles) -> Doubles:
    """One row a series, whosever it is."""
    return table.reshape(-1, table.shape[-1])


def by_hour(table: Doubles) -> Doubles:
    """Sums by hour of sums by step."""
    return np.asarray(np.nan_to_num(table).reshape(len(table), -1, PER_HOUR).sum(2), np.float64)


def _static(usd: Doubles) -> Flags:
    """Twice the mean of the last week."""
    mean = _trailing(usd, 168)
    return (usd > 2 * mean) & (usd - mean > _floor(usd))


def _ewma(usd: Doubles) -> Flags:
    """Four deviations above an exponential mean with a half-life of a day."""
    alpha = 1 - 0.5 ** (1 / 24)
    mean, variance = usd[:, 0].copy(), usd.var(1)
    fires = np.zeros(usd.shape, bool)
    for hour in range(1, usd.shape[1]):
        beyond = usd[:, hour] - mean
        fires[:, hour] = beyond > 4 * np.sqrt(variance)
        mean += alpha * beyond
        variance = (1 - alpha) * (variance + alpha * beyond**2)
    return fires & (usd - mean[:, None] > _floor(usd))


def _rolling_mad(usd: Doubles) -> Flags:
    """Six robust deviations above the median of the last week."""
    past = np.lib.stride_tricks.sliding_window_view(usd, 168, axis=1)[:, :-1]
    middle = np.median(past, axis=2)
    spread = 1.4826 * np.median(np.abs(past - middle[:, :, None]), axis=2)
    fires = np.zeros(usd.shape, bool)
    fires[:, 168:] = usd[:, 168:] > middle + 6 * spread
    return fires & (usd - _trailing(usd, 168) > _floor(usd))


def _week_mad(usd: Doubles) -> Flags:
    """Five robust deviations of the logarithm above the same hour of four weeks."""
    logs = np.log1p(usd / np.maximum(usd.mean(1, keepdims=True), 1e-9) * 10)
    fires = np.zeros(usd.shape, bool)
    past = np.stack([logs[:, _BEGIN - 168 * k : _HOURS - 168 * k] for k in (1, 2, 3, 4)])
    middle = np.median(past, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(past - middle), axis=0), 0.1)
    fires[:, _BEGIN:] = logs[:, _BEGIN:] > middle + 5 * spread
    return fires & (usd - _trailing(usd, 168) > _floor(usd))


def _trailing(usd: Doubles, hours: int) -> Doubles:
    sums = np.pad(np.cumsum(usd, axis=1), ((0, 0), (1, 0)))
    mean = np.zeros_like(usd)
    mean[:, hours:] = (sums[:, hours:-1] - sums[:, : -hours - 1]) / hours
    return mean


def _floor(usd: Doubles) -> Doubles:
    """One usual hour: a dollar floor that means the same at every rate."""
    return np.asarray(usd[:, :_BEGIN].mean(1, keepdims=True), np.float64)


def _gamma(usd: Doubles, squares: Doubles | None) -> Flags:
    """The tail of a gamma distribution over 1, 6 and 24 hours, learned anew each day.

    With squares the dispersion is that of the calls' costs, without it that of the hours.
    """
    fires, frozen = np.zeros(usd.shape, bool), np.zeros(usd.shape, bool)
    for day in range(QUIET_DAYS, DAYS):
        past = slice((day - 28) * 24, day * 24)
        known = np.where(frozen[:, past], np.nan, usd[:, past])
        week = np.arange(past.start, past.stop) % WEEK
        table = _gamma_table(known, week)
        usual = table[:, week]
        days = known.reshape(len(usd), 28, 24)
        ratios = np.nanmean(days, axis=2) / usual.reshape(len(usd), 28, 24).mean(2)
        level = np.clip(np.nan_to_num(np.nanmedian(ratios[:, -7:], axis=1), nan=1.0), 0.5, 2.0)
        if squares is not None:
            phi = np.nansum(squares[:, past], axis=1) / np.maximum(usd[:, past].sum(1), 1e-9)
        else:
            strays = np.nan_to_num((known - usual) ** 2 / np.maximum(usual, 1e-9))
            phi = np.minimum(strays, np.quantile(strays, 0.98, axis=1, keepdims=True)).mean(1)
        middle = np.nanmedian(ratios, axis=1, keepdims=True)
        mad = 1.4826 * np.nanmedian(np.abs(ratios - middle), axis=1)
        spread = np.sqrt(np.maximum(mad**2 - phi / (24 * usual.mean(1)), 0.08**2))
        for hour in range(day * 24, day * 24 + 24):
            for span, limit in ((1, 1e-5), (6, 1e-5), (24, 1e-4)):
                window = np.arange(hour - span + 1, hour + 1)
                seen = usd[:, window].sum(1)
                mean = np.maximum(level * table[:, window % WEEK].sum(1), 1e-12)
                variance = phi * mean + (spread * mean) ** 2
                tail = gammaincc(mean**2 / variance, seen * mean / variance)
                bad = (tail < limit) & (seen > 1.5 * mean)
                fires[:, hour] |= bad
                frozen[np.ix_(bad, window)] = True
    return fires


def _gamma_table(known: Doubles, week: np.ndarray) -> Doubles:
    held = np.minimum(known, np.nanquantile(known, 0.995, axis=1, keepdims=True))
    one_hot = (week[:, None] == np.arange(WEEK)).astype(np.float64)
    sums, counts = np.nan_to_num(held) @ one_hot, (~np.isnan(held)).astype(np.float64) @ one_hot
    near = [sum(np.roll(table, k, axis=1) for k in (-1, 0, 1)) for table in (sums, counts)]
    cells = (CELLS[:, None] == np.arange(48)).astype(np.float64)
    cell = ((near[0] @ cells) / np.maximum(near[1] @ cells, 1))[:, CELLS]
    weight = near[1] / 3 / (near[1] / 3 + 4)
    table = weight * near[0] / np.maximum(near[1], 1) + (1 - weight) * cell
    return np.asarray(np.maximum(table, 0.02 * np.nanmean(known, axis=1, keepdims=True)))


def _closed(detector: Callable[[Doubles], Flags]) -> Callable[[Traffic], Flags]:
    """Judge hours, and say so in the last step of the hour."""

    def judged(traffic: Traffic) -> Flags:
        flags = np.zeros((traffic.usd.shape[0] * traffic.usd.shape[1], STEPS), bool)
        flags[:, PER_HOUR - 1 :: PER_HOUR] = detector(by_hour(rows(traffic.usd)))
        return flags.reshape(traffic.usd.shape)

    return judged


def _recommended(traffic: Traffic) -> Flags:
    squares = by_hour(rows(traffic.squares))
    return _closed(lambda usd: _gamma(usd, squares))(traffic)


BASELINES: dict[str, Callable[[Traffic], Flags]] = {
    "static 2x": _closed(_static),
    "EWMA z4": _closed(_ewma),
    "rolling MAD z6": _closed(_rolling_mad),
    "hour-of-week MAD": _closed(_week_mad),
    "gamma, hours": _closed(lambda usd: _gamma(usd, None)),
    "gamma, calls": _recommended,
}
