"""Answers of the collector cut into what a chart draws; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import NamedTuple, TypeVar

from spanledger_dashboard import formats
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.catalogue import Measure
from spanledger_dashboard.charts import Compared, Note, Part, Slice
from spanledger_dashboard.measures import NOTHING, Totals
from spanledger_dashboard.palette import OTHER

__all__ = ["Timeline", "compared", "leaders", "parts", "standing_out", "timeline", "usual"]

K = TypeVar("K")

# A day is worth a word when it costs this much more than a usual one.
_STANDS_OUT = 1.6

Steps = Sequence[Bucket]
Cells = Mapping[tuple[datetime, str], Totals]


class Timeline(NamedTuple):
    """What is drawn over time: steps in order, slices, series from the largest to the smallest."""

    steps: list[str]
    slices: list[Slice]
    series: list[str]


def leaders(groups: Mapping[str, Totals], measure: Measure, most: int) -> list[str]:
    """The names with the most of a measure."""
    ranked = sorted(groups, key=lambda name: measure.of(groups[name]) or 0, reverse=True)
    return ranked[:most]


def timeline(cells: Cells, steps: Steps, measure: Measure, most: int = 8) -> Timeline:
    """A slice for each step and series; the smallest series become one, where they add up."""
    named = leaders(_summed(cells, 1), measure, most)
    kept = _folded(cells, named) if measure.additive else dict(cells)
    series = named + [OTHER] * any(name == OTHER and OTHER not in named for _, name in kept)
    slices = [
        Slice(step.label, name, float(value), measure.text(totals), step.partial)
        for step in steps
        for name in series
        if (totals := kept.get((step.start, name))) and (value := measure.of(totals)) is not None
    ]
    return Timeline([step.label for step in steps], slices, series)


def usual(slices: Sequence[Slice]) -> float | None:
    """The median of the complete steps in which something happened; None below a week of them."""
    sums = [total for total in _sums(cut for cut in slices if not cut.partial).values() if total]
    return median(sums) if len(sums) >= 7 else None


def standing_out(slices: Sequence[Slice], usual_value: float | None) -> list[Note]:
    """The steps far above the usual one, with how far."""
    if not usual_value:
        return []
    return [
        Note(bucket, total, f"{_short(total)} · {total / usual_value:.1f}x usual")
        for bucket, total in _sums(slices).items()
        if total > usual_value * _STANDS_OUT
    ]


def compared(
    now: Mapping[str, Totals], before: Mapping[str, Totals], measure: Measure, most: int = 8
) -> list[Compared]:
    """The names that are or were largest, in the order of what they are now."""
    both = {**dict.fromkeys(before, NOTHING), **now}
    rows = [_compared(name, both[name], before.get(name, NOTHING), measure) for name in both]
    largest = sorted(rows, key=lambda row: max(row.value, row.before), reverse=True)[:most]
    return sorted(largest, key=lambda row: row.value, reverse=True)


def parts(cells: Mapping[tuple[str, str], Totals], measure: Measure, most: int = 10) -> list[Part]:
    """What each of the largest names is made of, the largest parts first."""
    names = leaders(_summed(cells, 0), measure, most)
    inner = leaders(_summed(cells, 1), measure, most - 2)
    kept = _folded(cells, inner)
    return [
        Part(name, series, float(value), measure.text(totals))
        for name in names
        for series in [*inner, *([] if OTHER in inner else [OTHER])]
        if (totals := kept.get((name, series))) and (value := measure.of(totals))
    ]


def _compared(name: str, now: Totals, before: Totals, measure: Measure) -> Compared:
    value, earlier = measure.of(now) or 0, measure.of(before) or 0
    change = formats.relative(Decimal(value), Decimal(earlier)) or ("new" if value else "no change")
    return Compared(
        name,
        float(value),
        float(earlier),
        measure.text(now),
        measure.text(before),
        "" if measure.of(now) is None else change,
    )


def _summed(cells: Mapping[tuple[K, str], Totals], side: int) -> dict[str, Totals]:
    sums: dict[str, Totals] = {}
    for key, totals in cells.items():
        name = str(key[side])
        sums[name] = sums.get(name, NOTHING) + totals
    return sums


def _folded(
    cells: Mapping[tuple[K, str], Totals], keep: Sequence[str]
) -> dict[tuple[K, str], Totals]:
    kept: dict[tuple[K, str], Totals] = {}
    for (key, name), totals in cells.items():
        place = (key, name if name in keep else OTHER)
        kept[place] = kept.get(place, NOTHING) + totals
    return kept


def _sums(slices: Iterable[Slice]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for cut in slices:
        sums[cut.bucket] = sums.get(cut.bucket, 0.0) + cut.value
    return sums


def _short(dollars: float) -> str:
    return formats.money_short(Decimal(repr(dollars)))
