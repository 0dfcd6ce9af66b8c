"""What charts have in common: axes, colours, legends and tooltips; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import altair as alt
import pyarrow as pa

__all__ = [
    "Frame",
    "frame_of",
    "name_axis",
    "rank",
    "series_color",
    "time_steps",
    "tooltip",
    "value_axis",
]

Frame: TypeAlias = list[dict[str, Any]]

# A legend does not wrap by itself, so the columns follow the width of the chart.
_LEGEND_COLUMNS = "width < 420 ? 2 : width < 640 ? 3 : 6"
# In a legend "sonnet-4-5" is enough; the tooltip has the whole id.
_SHORT_MODEL = (
    "replace(replace(datum.label, /^claude-(opus|sonnet|haiku|fable|mythos)-/, '$1-'), "
    r"/-20\d{6}$/, '')"
)


def _short(label: str) -> str:
    """Both ends of a long name: those of one house differ at the end."""
    return f"length({label}) > 22 ? slice({label}, 0, 10) + '…' + slice({label}, -10) : {label}"


def time_steps(steps: Sequence[str]) -> alt.X:
    """Steps of time in their order, also the empty ones."""
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=12, ticks=False)
    scale = alt.Scale(domain=list(steps))
    return alt.X("bucket:O", sort=list(steps), scale=scale, title=None, axis=axis)


def series_color(colors: Mapping[str, str]) -> alt.Color:
    """The colours of the series, and their legend when there are several."""
    legend = alt.Legend(
        orient="top",
        title=None,
        columns=alt.ExprRef(_LEGEND_COLUMNS),
        labelExpr=_short(_SHORT_MODEL),
        labelLimit=150,
        symbolType="square",
        columnPadding=16,
    )
    return alt.Color(
        "series:N",
        scale=alt.Scale(domain=list(colors), range=list(colors.values())),
        legend=legend if len(colors) > 1 else None,
    )


def value_axis(unit: str, frame: Frame) -> alt.Axis:
    """An axis in its unit."""
    if unit == "share":
        return alt.Axis(format=".0%", tickCount=5)
    if unit == "seconds":
        small = "format(datum.value * 1000, '~r') + ' ms'"
        text = f"datum.value && datum.value < 1 ? {small} : datum.value + ' s'"
        return alt.Axis(labelExpr=text, tickCount=5)
    biggest = max((abs(row["value"]) for row in frame), default=0.0)
    if unit == "count":
        # d3 writes a thousand million as G, people write B.
        text = "replace(format(datum.value, '~s'), 'G', 'B')"
        return alt.Axis(labelExpr=text, tickCount=5, tickMinStep=1)
    return alt.Axis(format=_money_format(biggest), tickCount=5)


def _money_format(biggest: float) -> str:
    if biggest >= 5:
        return "$,.0f"
    return "$,.2f" if biggest >= 0.05 else "$,.2~g"


def rank(colors: Mapping[str, str], series: str) -> int:
    """The place of a series in a stack."""
    return list(colors).index(series) if series in colors else len(colors)


def tooltip(**titles: str) -> list[alt.Tooltip]:
    """Fields of the frame with their titles, as text."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def frame_of(frame: Frame) -> pa.Table:
    """Rows as what Altair sends to the browser."""
    return pa.Table.from_pylist(frame)


def name_axis(names: Sequence[str], **axis: Any) -> alt.Y:
    """Names in the order given."""
    return alt.Y(
        "name:N",
        sort=list(names),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, **{"labelExpr": _short("datum.label"), **axis}),
    )
