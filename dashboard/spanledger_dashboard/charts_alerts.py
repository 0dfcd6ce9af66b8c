"""Charts of budgets and of alerts over time; pure: no Streamlit, no I/O."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import altair as alt

from spanledger_dashboard.burn import AHEAD, EVEN, LEFT, Burn
from spanledger_dashboard.charts import Chart
from spanledger_dashboard.encodings import frame_of, series_color, time_steps, tooltip, value_axis
from spanledger_dashboard.palette import ACCENT, ALARM, COMPARISON, NEUTRAL

__all__ = ["SEVERITY_COLORS", "Episode", "burn_chart", "episodes_chart"]

SEVERITY_COLORS = {
    "critical": "#cf3f31",
    "warning": "#dd8215",
    "info": ACCENT,
    "planned": COMPARISON,
}
"""By severity; what was planned is none."""
_BURN_COLORS = {LEFT: ACCENT, AHEAD: ALARM, EVEN: COMPARISON}
_ROW = 30
_MOST_TICKS = 7


class Episode(NamedTuple):
    """One alert in time; local wall time."""

    row: str
    start: datetime
    end: datetime
    severity: str
    text: str
    running: bool


def burn_chart(burn: Burn, *, height: int = 240) -> Chart:
    """What is left, the even pace, and the forecast with its band; below zero it is overspent."""
    frame = [point._asdict() for point in burn.points]
    table = frame_of([{**row, "series": row["series"]} for row in frame])
    base = alt.Chart(table).encode(x=time_steps(burn.steps))
    y = alt.Y("value:Q", axis=value_axis("money", frame), title=None)
    line = base.mark_line(strokeWidth=2).encode(
        y=y,
        color=series_color(_BURN_COLORS),
        strokeDash=alt.condition(
            f"datum.series === {json.dumps(LEFT)}", alt.value([1, 0]), alt.value([5, 4])
        ),
        detail="series:N",
        tooltip=tooltip(bucket="At the end of", series="What", text="Left"),
    )
    dots = base.mark_point(filled=True, size=30, opacity=0.9).encode(
        y=y,
        color=series_color(_BURN_COLORS),
        tooltip=tooltip(bucket="At the end of", series="What", text="Left"),
    )
    band = (
        base.transform_filter("isValid(datum.low)")
        .mark_area(color=ALARM, opacity=0.18)
        .encode(y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    zero = alt.Chart(frame_of([{"zero": 0.0}])).mark_rule(color=NEUTRAL).encode(y="zero:Q")
    drawn: Chart = alt.layer(band, zero, line, dots).properties(height=height)
    return drawn


def episodes_chart(episodes: Sequence[Episode], start: datetime, end: datetime) -> Chart:
    """A bar an episode, a row for each rule and group; local wall time, no zone."""
    span = max((end - start) / timedelta(hours=1), 1.0)
    rows = list(dict.fromkeys(each.row for each in episodes))
    frame = [
        {
            "row": each.row,
            "from": max((each.start - start) / timedelta(hours=1), 0.0),
            "to": min((each.end - start) / timedelta(hours=1), span),
            "series": each.severity,
            "text": each.text,
            "name": each.row,
            "running": each.running,
        }
        for each in episodes
    ]
    ticks = _ticks(start, end)
    seen = {each.severity for each in episodes}
    colors = {name: color for name, color in SEVERITY_COLORS.items() if name in seen}
    axis = alt.Axis(
        values=list(ticks),
        labelExpr=f"{json.dumps({str(k): v for k, v in ticks.items()})}[datum.value]",
        title=None,
        labelOverlap="greedy",
    )
    base = alt.Chart(frame_of(frame)).encode(
        y=alt.Y(
            "row:N",
            sort=rows,
            title=None,
            axis=alt.Axis(
                ticks=False, domain=False, labelLimit=alt.ExprRef("width < 330 ? 120 : 240")
            ),
        ),
        color=series_color(colors),
        tooltip=tooltip(name="Alert", series="Severity", text="When"),
    )
    x = alt.X("from:Q", scale=alt.Scale(domain=[0, span], nice=False), axis=axis)
    bars = base.mark_bar(height=13, cornerRadius=3).encode(
        x=x, x2="to:Q", opacity=alt.condition("datum.running", alt.value(1.0), alt.value(0.65))
    )
    # What lasted minutes is a sliver at the scale of weeks: the mark keeps it visible.
    begins = base.mark_tick(thickness=4, size=13, orient="vertical").encode(x=x)
    drawn: Chart = alt.layer(bars, begins).properties(height=alt.Step(_ROW))
    return drawn


def _ticks(start: datetime, end: datetime) -> dict[int, str]:
    """Whole hours or days at which the axis is labelled, by hours since its start."""
    hours = (end - start) / timedelta(hours=1)
    step = timedelta(hours=6) if hours <= 49 else timedelta(days=1)
    while hours / (step / timedelta(hours=1)) > _MOST_TICKS:
        step *= 2
    at = start.replace(minute=0, second=0, microsecond=0)
    if at < start:
        at += timedelta(hours=1)
    if step >= timedelta(days=1) and at.hour:
        at = at.replace(hour=0) + timedelta(days=1)
    found = {}
    while at <= end:
        label = f"{at:%H:%M}" if step < timedelta(days=1) and at.hour else f"{at.day} {at:%b}"
        found[round((at - start) / timedelta(hours=1))] = label
        at += step
    return found
