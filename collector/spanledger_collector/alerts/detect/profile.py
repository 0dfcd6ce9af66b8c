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
_DAY_CLUMPS, _WEEK_CLUMPS = 3.0, 10.0
"""So many clumps make an hour of the day, or of the week, count half."""
_CELL_CLUMPS = 5.0
"""With so many in a cell its own variance and the median of all count half."""
_WINSOR = 0.01
"""Of the hours with spend, so many may be incidents."""
_DAY_SPREAD = 0.08
_FEW_DAYS = 7
_CELL_SHRINK = 20.0
_KEPT = 2
"""For so many days a level has to last to be the new one, whatever fired."""


SPANS = (1, 6, 24)
"""The hours over which spend is known to swell together."""


class Profile(NamedTuple):
    """What is usual, one row a group."""

    zone: tzinfo
    hourly: Doubles
    """USD for each hour of the local week, before the level."""
    rough: Doubles
    """The variance of that hour's USD, before the level."""
    swell: Doubles
    """For each of the spans, by how much its sums vary more than single hours let expect."""
    level: Doubles
    """How the last week compares with the whole."""
    spread: Doubles
    """How much whole days stray, as a share."""
    days: Doubles
    """Days since the first spend, less those not known."""
    clumps: Doubles
    """How many independent pieces the spend came in, were all alike: calls, or sessions of them."""
    calls: Profile | None = None
    """The same of calls instead of USD."""

    def of(self, rows: Sequence[int]) -> Profile:
        """The same of some groups, by their rows."""
        mine = list(rows)
        return Profile(
            zone=self.zone,
            hourly=self.hourly[mine],
            rough=self.rough[mine],
            swell=self.swell[mine],
            level=self.level[mine],
            spread=self.spread[mine],
            days=self.days[mine],
            clumps=self.clumps[mine],
            calls=None if self.calls is None else self.calls.of(rows),
        )


def fit(
    history: Hourly, zone: tzinfo, excluded: Sequence[Sequence[Interval]] | None = None
) -> Profile:
    """Learn what is usual from the last four weeks of closed hours.

    Args:
        history: by hour, at most four weeks are used.
        zone: whose clock the groups live by.
        excluded: for each group the intervals that are no example: planned, or an alert fired.
    """
    usd, calls = (
        np.atleast_2d(np.asarray(table, np.float64))[:, -_HOURS:]
        for table in (history.usd, history.calls)
    )
    start = history.start_hour + history.hours - usd.shape[1]
    blank = np.isnan(usd)
    if excluded is not None:
        none = np.zeros(usd.shape[1])
        blank = blank | np.isnan(
            np.stack([blanked(none, start * HOUR, HOUR, out) for out in excluded])
        )
    week = hours_of_week(start, usd.shape[1], zone)
    found = _fit(usd, blank, history.squares, zone, week)
    return found._replace(calls=_fit(calls, blank, calls, zone, week))


def _fit(
    whole: Doubles,
    blank: Flags,
    squares: Doubles | None,
    zone: tzinfo,
    week: Ints,
) -> Profile:
    usd = np.where(blank, np.nan, whole)
    hourly = _hourly(usd, week)
    clump = _clump(usd, hourly[:, week])
    hourly = _hourly(usd, week, clump)
    grain = _grain(squares, usd, hourly[:, week])
    noise = grain / np.maximum(24 * hourly.mean(1), 1e-12)
    ratios = _daily_ratios(usd, hourly[:, week])
    usd = _without_odd_days(usd, ratios, noise)
    levels = _levels(ratios, noise)
    by_hour = _by_hour(levels, usd.shape[1])
    hourly = _hourly(usd / by_hour, week, clump)
    usual = hourly[:, week] * by_hour
    strays = _daily_ratios(usd, usual)
    spread = _spread(strays, noise)
    rough = _rough(usd, usual, hourly, week, grain, clump)
    everything = _daily_ratios(whole, hourly[:, week])
    return Profile(
        zone=zone,
        hourly=hourly,
        rough=rough,
        swell=_swell(usd, usual, rough[:, week] * by_hour, spread),
        level=_level(_daily_ratios(usd, hourly[:, week]), everything, noise),
        spread=spread,
        days=_days(usd),
        clumps=np.nansum(usd, axis=1) / np.maximum(clump, 1e-12),
    )


def _by_hour(levels: Doubles, hours: int) -> Doubles:
    table = np.repeat(levels, 24, axis=1)
    return np.pad(table, ((0, 0), (hours - table.shape[1], 0)), mode="edge")


def _levels(ratios: Doubles, noise: Doubles) -> Doubles:
    """The level of each day, from the three days before and after."""
    padded = np.pad(ratios, ((0, 0), (3, 3)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=1)
    middle = _median(around.reshape(-1, 7), 1.0).reshape(ratios.shape)
    levels: Doubles = np.clip(1 + _trust(noise)[:, None] * (middle - 1), 0.25, 4.0)
    return levels


def _trust(noise: Doubles) -> Doubles:
    trust: Doubles = 0.3**2 / (0.3**2 + 1.57 * noise / 7)
    return trust


def _without_odd_days(usd: Doubles, ratios: Doubles, noise: Doubles) -> Doubles:
    spread = np.sqrt(_spread(ratios, noise) ** 2 + noise)
    odd = np.abs(ratios - 1) > 4 * spread[:, None]
    odd[:, -7:] = False
    odd &= odd.sum(1, keepdims=True) <= 7
    days = ratios.shape[1]
    kept = usd.copy()
    kept[:, usd.shape[1] - days * 24 :][np.repeat(odd, 24, axis=1)] = np.nan
    return kept


def _level(ratios: Doubles, everything: Doubles, noise: Doubles) -> Doubles:
    """Of the last week, or the fortnight; what the last days all kept is the new level."""
    recent = np.maximum(_median(ratios[:, -7:], 1.0), _median(ratios[:, -14:], 1.0))
    level = 1 + _trust(noise) * (recent - 1)
    if everything.shape[1] >= _KEPT:
        kept = np.nan_to_num(everything[:, -_KEPT:].min(1), nan=1.0)
        level = np.maximum(level, 1 + 0.3**2 / (0.3**2 + noise / _KEPT) * (kept - 1))
    held: Doubles = np.clip(level, 0.5, 2.0)
    return held


def _days(usd: Doubles) -> Doubles:
    begun = np.maximum.accumulate(np.nan_to_num(usd) > 0, axis=1)
    days: Doubles = (begun & ~np.isnan(usd)).sum(1) / 24.0
    return days


def _hourly(usd: Doubles, week: Ints, clump: Doubles | None = None) -> Doubles:
    """The mean of each hour of the week, leaning on what more hours tell where few calls do.

    What comes in clumps tells as much as there are clumps, however many hours there are.
    """
    known = ~np.isnan(usd)
    spent = np.where(known, np.minimum(usd, _quantile(usd, _CAP)), 0.0)
    overall = spent.sum(1, keepdims=True) / np.maximum(known.sum(1, keepdims=True), 1)
    rate = np.full_like(overall, np.inf)
    if clump is not None:
        rate = overall / np.maximum(clump[:, None], 1e-12)
    sums = _three(_by_cell(spent, week, WEEK))
    counts = _three(_by_cell(known, week, WEEK))
    held, hours = _by_cell(sums, CELLS, 48), _by_cell(counts, CELLS, 48)
    cell = held / np.maximum(hours, 1.0)
    share, trust = (
        np.where(of > 0, 1 / (1 + half / np.maximum(rate * np.maximum(of, 1) / 3, 1e-12)), 0)
        for half, of in ((_DAY_CLUMPS, hours), (_WEEK_CLUMPS, counts))
    )
    cell = (share * cell + (1 - share) * overall)[:, CELLS]
    weight = counts / (counts + 3 * _SHRINK) * trust
    mean = weight * sums / np.maximum(counts, 1.0) + (1 - weight) * cell
    floored: Doubles = np.maximum(mean, _FLOOR * overall)
    return floored


def _clump(usd: Doubles, usual: Doubles) -> Doubles:
    """Variance by mean of whole hours: about what comes at once."""
    active = (np.nan_to_num(usd) > 0).sum(1, keepdims=True) // 4
    held = _held((usd - usual) ** 2, active)
    due = np.where(np.isnan(usd), 0.0, usual).sum(1)
    return np.asarray(held.sum(1) / np.maximum(due, 1e-12), np.float64)


def _rough(
    usd: Doubles, usual: Doubles, hourly: Doubles, week: Ints, grain: Doubles, clump: Doubles
) -> Doubles:
    """Variance by hour of the week: what hours strayed, in cells of day type and hour.

    Cells with few clumps lean on the whole: on its mean if all have few, else on its median.
    """
    known = ~np.isnan(usd)
    active = (np.nan_to_num(usd) > 0).sum(1, keepdims=True)
    strays = np.where(known, usd - usual, np.nan)

    def around(table: Doubles) -> Doubles:
        cells = _by_cell(table, CELLS[week], 48).reshape(-1, 2, 24)
        pooled = cells + np.roll(cells, 1, axis=2) + np.roll(cells, -1, axis=2)
        return pooled.reshape(-1, 48)

    squares = np.minimum(
        around(_held(strays**2, active)),
        2 * around(_held(np.where(strays > 0, strays, 0) ** 2, active)),
    )
    means, counts = around(np.where(known, usual, 0.0)), around(known.astype(np.float64))
    own = squares / np.maximum(means, 1e-12)
    clumps = means.mean(1, keepdims=True) / np.maximum(clump[:, None], 1e-12)
    many = clumps / (clumps + _CELL_CLUMPS)
    mean = squares.sum(1, keepdims=True) / np.maximum(means.sum(1, keepdims=True), 1e-12)
    whole = many * np.median(own, axis=1, keepdims=True) + (1 - many) * mean
    shrink = _CELL_SHRINK / np.maximum(many, 1e-12)
    phi = (counts * own + shrink * whole) / (counts + shrink)
    floored: Doubles = np.maximum(phi, grain[:, None])[:, CELLS] * hourly
    return floored


def _held(table: Doubles, active: Ints) -> Doubles:
    """Known values, the largest few held at what the others reach; 0 for the unknown.

    The fewer hours have any spend, the fewer may be incidents.
    """
    unknown = np.isnan(table)
    few = 1 + (_WINSOR * active).astype(np.int64)
    last = np.maximum((~unknown).sum(1, keepdims=True) - 1 - few, 0)
    limit = np.take_along_axis(np.sort(table, axis=1), last, axis=1)  # NaN goes last
    return np.where(unknown, 0.0, np.minimum(table, np.nan_to_num(limit)))


def _swell(usd: Doubles, usual: Doubles, rough: Doubles, spread: Doubles) -> Doubles:
    known = ~np.isnan(usd)
    spent, due, strays, hours = (
        np.pad(np.cumsum(np.where(known, x, 0.0), axis=1), ((0, 0), (1, 0)))
        for x in (usd, usual, rough, known.astype(np.float64))
    )
    active = (np.nan_to_num(usd) > 0).sum(1, keepdims=True)
    answer = []
    for span in SPANS:
        if usd.shape[1] < span:
            answer.append(np.ones(len(usd)))
            continue
        x, mean, variance, count = (t[:, span:] - t[:, :-span] for t in (spent, due, strays, hours))
        z = (x - mean) / np.sqrt(np.maximum(variance + (spread[:, None] * mean) ** 2, 1e-24))
        z = np.where(count > span / 2, z, np.nan)
        both = _held(z**2, active).sum(1) / np.maximum((count > span / 2).sum(1), 1)
        up = _held(np.where(z > 0, z, np.nan) ** 2, active).sum(1) / np.maximum((z > 0).sum(1), 1)
        answer.append(np.maximum(np.minimum(both, up), 1.0))
    return np.stack(answer, axis=1)


def _by_cell(table: Doubles | Flags, cell: Ints, cells: int) -> Doubles:
    """The sums of each row by cell. Not a product of matrices: their threads fight for cores."""
    place = np.arange(len(table))[:, None] * cells + cell
    sums = np.bincount(place.ravel(), table.ravel(), len(table) * cells)
    return np.asarray(sums.reshape(len(table), cells), np.float64)


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


def _daily_ratios(usd: Doubles, usual: Doubles) -> Doubles:
    days = usd.shape[1] // 24
    known = ~np.isnan(usd)
    tables: tuple[Doubles, ...] = (
        np.where(known, usd, 0.0),
        np.where(known, usual, 0.0),
        known.astype(np.float64),
    )
    paid, due, hours = (
        table[:, table.shape[1] - days * 24 :].reshape(-1, days, 24).sum(2) for table in tables
    )
    return np.where((hours >= 12) & (due > 0), paid / np.where(due > 0, due, 1.0), np.nan)


def _grain(squares: Doubles | None, usd: Doubles, usual: Doubles) -> Doubles:
    """Variance by USD if calls come one by one: about what one call costs."""
    known = ~np.isnan(usd)
    if squares is None:
        strays = np.where(known, (usd - usual) ** 2, np.nan)
        due = np.where(known, usual, 0.0).sum(1)
        active = (np.nan_to_num(usd) > 0).sum(1, keepdims=True)
        return np.asarray(_held(strays, active).sum(1) / np.maximum(due, 1e-12), np.float64)
    squared = np.where(known, np.atleast_2d(squares)[:, -usd.shape[1] :], 0.0).sum(1)
    total = np.where(known, usd, 0.0).sum(1)
    return np.where(total > 0, squared / np.where(total > 0, total, 1.0), 0.0)


def _spread(ratios: Doubles, noise: Doubles) -> Doubles:
    middle = _median(ratios, 1.0)[:, None]
    deviation = 1.4826 * _median(np.abs(ratios - middle), 0.0)
    few = (~np.isnan(ratios)).sum(1) < _FEW_DAYS
    return np.where(few, 0.3, np.sqrt(np.maximum(deviation**2 - noise, _DAY_SPREAD**2)))
