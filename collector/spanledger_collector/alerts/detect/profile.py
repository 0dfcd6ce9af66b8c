"""What a group usually spends at each hour of its week, and how far it strays from that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import NamedTuple

import numpy as np

from spanledger_collector.alerts.detect.series import (
    HOUR,
    Doubles,
    Flags,
    Hourly,
    Interval,
    Ints,
    blanked,
)
from spanledger_collector.alerts.detect.weeks import CELLS, WEEK, hours_of_week

__all__ = ["Profile", "fit"]

_HOURS = 28 * 24
_CAP = 0.995
_SHRINK = 4.0
_FLOOR = 0.02
_WINSOR = 0.98
_DAY_SPREAD = 0.08
_FEW_DAYS = 7


class Profile(NamedTuple):
    """What is usual, one row a group."""

    zone: tzinfo
    hourly: Doubles
    """USD for each hour of the local week, before the level."""
    level: Doubles
    """How the last week compares with the whole."""
    roughness: Doubles
    """Variance by USD: about what one call costs, more where calls differ or come in bursts."""
    spread: Doubles
    """How much whole days stray, as a share."""
    days: Doubles
    """Days since the first spend, less those not known."""


def fit(
    history: Hourly, zone: tzinfo, excluded: Sequence[Sequence[Interval]] | None = None
) -> Profile:
    """Learn what is usual from the last four weeks of closed hours.

    Args:
        history: by hour, at most four weeks are used.
        zone: whose clock the groups live by.
        excluded: for each group the intervals that are no example: planned, or an alert fired.
    """
    usd = np.atleast_2d(np.asarray(history.usd, np.float64))[:, -_HOURS:]
    start = history.start_hour + history.hours - usd.shape[1]
    if excluded is not None:
        usd = np.stack(
            [blanked(row, start * HOUR, HOUR, out) for row, out in zip(usd, excluded, strict=True)]
        )
    week = hours_of_week(start, usd.shape[1], zone)
    known = ~np.isnan(usd)
    spent = np.where(known, usd, 0.0)
    hourly = _hourly(np.minimum(spent, _quantile(usd, _CAP)), known, week)
    usual = np.where(known, hourly[:, week], 0.0)
    ratios = _daily_ratios(spent, usual, known)
    level = np.clip(_median(ratios[:, -7:], 1.0), 0.5, 2.0)
    roughness = _roughness(history.squares, spent, usual, known)
    return Profile(
        zone=zone,
        hourly=hourly,
        level=level,
        roughness=roughness,
        spread=_spread(ratios, roughness, usual.sum(1) / np.maximum(known.sum(1), 1)),
        days=(np.maximum.accumulate(spent > 0, axis=1) & known).sum(1) / 24.0,
    )


def _hourly(spent: Doubles, known: Flags, week: Ints) -> Doubles:
    one_hot = np.zeros((len(week), WEEK))
    one_hot[np.arange(len(week)), week] = 1.0
    sums = _three(spent @ one_hot)
    counts = _three(known.astype(np.float64) @ one_hot)
    by_cell = np.zeros((WEEK, 48))
    by_cell[np.arange(WEEK), CELLS] = 1.0
    cell = ((sums @ by_cell) / np.maximum(counts @ by_cell, 1.0))[:, CELLS]
    weight = counts / (counts + 3 * _SHRINK)
    mean = weight * sums / np.maximum(counts, 1.0) + (1 - weight) * cell
    overall = spent.sum(1, keepdims=True) / np.maximum(known.sum(1, keepdims=True), 1)
    floored: Doubles = np.maximum(mean, _FLOOR * overall)
    return floored


def _three(table: Doubles) -> Doubles:
    return table + np.roll(table, 1, axis=1) + np.roll(table, -1, axis=1)


def _quantile(table: Doubles, share: float) -> Doubles:
    """Of the known values of each row, as a column; 0 where none is known."""
    last = np.maximum((~np.isnan(table)).sum(1, keepdims=True) - 1, 0)
    ranked = np.sort(table, axis=1)  # NaN goes last
    return np.nan_to_num(np.take_along_axis(ranked, (share * last).astype(np.int64), axis=1))


def _median(table: Doubles, default: float) -> Doubles:
    """Of the known values of each row; the default where none is known."""
    empty = np.isnan(table).all(1, keepdims=True)
    middle: Doubles = np.nanmedian(np.where(empty, default, table), axis=1)
    return middle


def _daily_ratios(spent: Doubles, usual: Doubles, known: Flags) -> Doubles:
    days = spent.shape[1] // 24
    tables: tuple[Doubles, ...] = (spent, usual, known.astype(np.float64))
    paid, due, hours = (
        table[:, table.shape[1] - days * 24 :].reshape(-1, days, 24).sum(2) for table in tables
    )
    return np.where((hours >= 12) & (due > 0), paid / np.where(due > 0, due, 1.0), np.nan)


def _roughness(squares: Doubles | None, spent: Doubles, usual: Doubles, known: Flags) -> Doubles:
    if squares is not None:
        squared = np.where(known, np.atleast_2d(squares)[:, -spent.shape[1] :], 0.0).sum(1)
        total = spent.sum(1)
        return np.where(total > 0, squared / np.where(total > 0, total, 1.0), 0.0)
    strays = np.where(usual > 0, (spent - usual) ** 2 / np.where(usual > 0, usual, 1.0), np.nan)
    held = np.where(np.isnan(strays), 0.0, np.minimum(strays, _quantile(strays, _WINSOR)))
    rough: Doubles = held.sum(1) / np.maximum(known.sum(1), 1)
    return rough


def _spread(ratios: Doubles, roughness: Doubles, hourly_mean: Doubles) -> Doubles:
    middle = _median(ratios, 1.0)[:, None]
    deviation = 1.4826 * _median(np.abs(ratios - middle), 0.0)
    noise = roughness / np.maximum(24 * hourly_mean, 1e-12)
    few = (~np.isnan(ratios)).sum(1) < _FEW_DAYS
    return np.where(few, 0.3, np.sqrt(np.maximum(deviation**2 - noise, _DAY_SPREAD**2)))
