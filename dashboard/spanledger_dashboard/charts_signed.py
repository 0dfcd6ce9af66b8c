"""Bars above and below zero with what is left of them; pure, as `charts.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt

from spanledger_dashboard.charts import Chart, Slice, stacked_bars
from spanledger_dashboard.encodings import frame_of, time_steps, tooltip
from spanledger_dashboard.palette import COMPARISON

__all__ = ["signed_bars"]


def signed_bars(
    slices: Sequence[Slice],
    left: Sequence[Slice],
    *,
    steps: Sequence[str],
    colors: Mapping[str, str],
    unit: str,
    height: int = 300,
) -> Chart:
    """What adds and what takes away in each step, and a tick at what is left."""
    bars = stacked_bars(slices, steps=steps, colors=colors, unit=unit, height=height)
    ticks = (
        alt.Chart(frame_of([part._asdict() for part in left]))
        .mark_tick(color=COMPARISON, thickness=3, orient="horizontal")
        .encode(
            x=time_steps(steps),
            y=alt.Y("value:Q"),
            tooltip=tooltip(bucket="When", series="What", text="Value"),
        )
    )
    return alt.layer(bars, ticks).properties(height=height)
