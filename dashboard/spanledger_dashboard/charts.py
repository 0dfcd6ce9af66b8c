"""Frames to charts; pure: no Streamlit, no I/O, no sums.

Values become floats here and only here, for drawing; every tooltip shows the exact text that came
with the value. Steps of time are names in order, because a browser would move timestamps into its
own time zone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import altair as alt

from spanledger_dashboard.encodings import (
    frame_of,
    name_axis,
    rank,
    series_color,
    time_steps,
    tooltip,
    value_axis,
)
from spanledger_dashboard.palette import ACCENT, ALARM, COMPARISON

__all__ = [
    "Chart",
    "Compared",
    "Note",
    "Part",
    "Slice",
    "compared_bars",
    "composition",
    "lines",
    "stacked_bars",
]

Chart: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

_FADED = 0.45
_CLOSE = 4  # of thirty steps on a wide screen, about the width of a note's words


class Slice(NamedTuple):
    """The value of one series in one step of time."""

    bucket: str
    series: str
    value: float
    text: str
    partial: bool = False


class Note(NamedTuple):
    """Words above one step of time."""

    bucket: str
    value: float
    text: str


class Compared(NamedTuple):
    """The value of one name now and before."""

    name: str
    value: float
    before: float
    text: str
    before_text: str
    change: str


class Part(NamedTuple):
    """The value of one series within one name."""

    name: str
    series: str
    value: float
    text: str


def stacked_bars(
    slices: Sequence[Slice],
    *,
    steps: Sequence[str],
    colors: Mapping[str, str],
    unit: str,
    notes: Sequence[Note] = (),
    usual: float | None = None,
    height: int = 300,
) -> Chart:
    """Bars over time, stacked by series; a step that still runs is faded."""
    frame = [{**part._asdict(), "rank": rank(colors, part.series)} for part in slices]
    bars = (
        alt.Chart(frame_of(frame))
        .mark_bar(cornerRadius=1)
        .encode(
            x=time_steps(steps),
            y=alt.Y("value:Q", stack=True, axis=value_axis(unit, frame), title=None),
            color=series_color(colors),
            order=alt.Order("rank:O"),
            opacity=alt.condition("datum.partial", alt.value(_FADED), alt.value(1.0)),
            tooltip=tooltip(bucket="When", series="What", text="Value"),
        )
    )
    layers: list[alt.Chart] = [bars]
    if usual is not None:
        layers.append(_rule(usual))
    if notes:
        layers.append(_labels(notes, steps))
    return alt.layer(*layers).properties(height=height)


def lines(
    slices: Sequence[Slice],
    *,
    steps: Sequence[str],
    colors: Mapping[str, str],
    unit: str,
    height: int = 300,
) -> Chart:
    """Lines over time, one a series, for values that do not add up; from zero."""
    frame = [part._asdict() for part in slices]
    top = {"domain": [0, 1]} if unit == "share" else {"zero": True}
    single = alt.value(next(iter(colors.values()), ACCENT))
    base = alt.Chart(frame_of(frame)).encode(
        x=time_steps(steps),
        y=alt.Y("value:Q", axis=value_axis(unit, frame), scale=alt.Scale(**top), title=None),
        color=series_color(colors) if len(colors) > 1 else single,
    )
    dots = base.mark_point(filled=True, size=34).encode(
        opacity=alt.condition("datum.partial", alt.value(_FADED), alt.value(1.0)),
        tooltip=tooltip(bucket="When", series="What", text="Value"),
    )
    return alt.layer(base.mark_line(strokeWidth=2), dots).properties(height=height)


def compared_bars(rows: Sequence[Compared], *, now: str, before: str) -> Chart:
    """A bar a name with a tick where it was in the period before, and both in words."""
    names = [row.name for row in rows]
    words = {row.name: f"{row.text}  {row.change}" for row in rows}
    base = alt.Chart(frame_of([row._asdict() for row in rows])).encode(
        tooltip=tooltip(name="Name", text=now, before_text=before, change="Change"),
    )
    bars = base.mark_bar(color=ACCENT, cornerRadiusEnd=2, size=16).encode(
        x=alt.X("value:Q", axis=None),
        y=name_axis(names, labelLimit=130, labelPadding=6),
    )
    # The words are the labels of a second axis: those follow the theme, marks do not.
    ticks = base.mark_tick(color=COMPARISON, thickness=3, size=24).encode(
        x=alt.X("before:Q", axis=None),
        y=name_axis(names, orient="right", labelExpr=f"{json.dumps(words)}[datum.value]"),
    )
    height = max(len(rows), 1) * 32 + 12
    chart: Chart = alt.layer(bars, ticks).resolve_axis(y="independent").properties(height=height)
    return chart


def composition(parts: Sequence[Part], *, colors: Mapping[str, str], unit: str) -> Chart:
    """A bar a name, made up of its series."""
    frame = [{**part._asdict(), "rank": rank(colors, part.series)} for part in parts]
    names = list(dict.fromkeys(part.name for part in parts))
    chart: Chart = (
        alt.Chart(frame_of(frame))
        .mark_bar(cornerRadius=1, size=16)
        .encode(
            y=name_axis(names, labelLimit=130),
            x=alt.X("value:Q", stack=True, axis=value_axis(unit, frame), title=None),
            color=series_color(colors),
            order=alt.Order("rank:O"),
            tooltip=tooltip(name="Name", series="What", text="Value"),
        )
        .properties(height=len(names) * 34 + 90 + 20 * math.ceil(len(colors) / 2))
    )
    return chart


def _rule(value: float) -> alt.Chart:
    """A level to compare with; the words for it stand beside the chart."""
    mark = alt.Chart(frame_of([{"usual": value}])).mark_rule(color=COMPARISON, strokeDash=[4, 4])
    rule: alt.Chart = mark.encode(y=alt.Y("usual:Q"))
    return rule


def _labels(notes: Sequence[Note], steps: Sequence[str]) -> alt.Chart:
    """Words above steps; of close neighbours only the largest has them, or they would overlap."""
    places = {step: place for place, step in enumerate(steps)}
    told: list[Note] = []
    for note in sorted(notes, key=lambda each: -each.value):
        if all(abs(places[note.bucket] - places[other.bucket]) > _CLOSE for other in told):
            told.append(note)
    words: alt.Chart = (
        alt.Chart(frame_of([note._asdict() for note in told]))
        .mark_text(baseline="bottom", dy=-4, fontSize=13, fontWeight="bold", color=ALARM)
        .encode(x=time_steps(steps), y=alt.Y("value:Q"), text="text:N")
    )
    return words
