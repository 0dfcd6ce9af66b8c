"""A trace drawn as bars in time, one a step, with what each part of the tree cost; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import altair as alt

from spanledger_dashboard import formats
from spanledger_dashboard.encodings import frame_of, series_color, tooltip
from spanledger_dashboard.palette import ACCENT, ALARM, NEUTRAL, model_color
from spanledger_dashboard.tree import Branch, Costs

__all__ = ["Bar", "as_bars", "chart", "cost_of", "name_of", "told"]

PICK = "step"
SPAN, REPORT, UNKNOWN_MODEL = "Span", "Further report of a call", "Call of an unknown model"
_ROW = 24
_INDENT = "\u2003"
_KEPT = "\u200b"  # not white space, so that what follows is not trimmed away
_MOST_INDENT = 8
# What fits beside the bars at the width that there is.
_NARROW, _MIDDLE, _WIDE = 116, 200, 330
_A_LETTER = 6.6
_UNITS = ((60_000_000_000, "minutes"), (1_000_000_000, "seconds"), (1_000_000, "milliseconds"))


class Bar(NamedTuple):
    """One step in the waterfall."""

    row: int
    span_id: str
    name: str
    """With its indentation."""
    what: str
    """What its colour stands for: a model, or the kind of step."""
    start_ns: int
    end_ns: int
    cost: str
    took: str
    status: str
    failed: bool
    plain_name: str
    tokens: str


def as_bars(branches: Sequence[Branch]) -> list[Bar]:
    """One bar a step, in the order of the tree."""
    begins = min((branch.step.start for branch in branches), default=None)
    return [] if begins is None else [_bar(i, each, begins) for i, each in enumerate(branches)]


def chart(bars: Sequence[Bar], begins: str, chosen: str | None = None) -> alt.LayerChart:
    """The bars, with names at the left and costs at the right, which follow the theme.

    Args:
        bars: what to draw.
        begins: when the first one starts, in words.
        chosen: the span id of the step that is looked at.
    """
    size, unit = _unit(bars)
    frame = [_row(bar, size, chosen) for bar in bars]
    rows = [bar.row for bar in bars]
    names = {bar.row: bar.name for bar in bars}
    costs = {bar.row: bar.cost for bar in bars}
    top = max((row["end"] for row in frame), default=1.0) or 1.0
    x = alt.X(
        "start:Q",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(title=f"{unit} since {begins}", tickCount=5, titleFontWeight="normal"),
    )
    base = alt.Chart(frame_of(frame)).encode(
        tooltip=tooltip(
            plain_name="Step",
            what="Model",
            cost="Cost",
            took="Took",
            tokens="Tokens",
            status="Ended",
        ),
        color=series_color({bar.what: _color(bar.what) for bar in bars}),
    )
    bands = base.mark_bar(cornerRadius=2, strokeWidth=2).encode(
        x=x,
        x2="end:Q",
        y=_steps(rows, names, **_aligned(names)),
        size=alt.condition("datum.plain", alt.value(7), alt.value(14)),
        stroke=alt.condition("datum.failed", alt.value(ALARM), alt.value("transparent")),
    )
    # A mark at the start keeps a step visible that takes no time at this scale.
    starts = base.mark_tick(thickness=2, size=14, orient="vertical").encode(
        x=x, y=_steps(rows, costs, orient="right")
    )
    layers = [bands, starts]
    if chosen is not None:
        layers.insert(0, _highlight(frame, rows, top))
    picked = alt.selection_point(name=PICK, fields=["span_id"], on="click", clear=False)
    drawn: alt.LayerChart = (
        alt.layer(layers[0].add_params(picked), *layers[1:])
        .resolve_axis(y="independent")
        .properties(height=alt.Step(_ROW))
    )
    return drawn


def cost_of(branch: Branch) -> str:
    """What a step and all beneath it cost; nothing where no call was made."""
    if branch.step.kind == "report":
        return "counted once"
    return told(branch.costs) if branch.costs.calls else ""


def told(costs: Costs) -> str:
    """A sum as it is read: what is unknown or estimated stays so."""
    if costs.known_usd is None:
        return formats.money(None)
    sure = "~" if costs.estimated else ""
    more = f" + {costs.unpriced} unpriced" if costs.unpriced else ""
    return f"{sure}{formats.money(costs.known_usd)}{more}"


def name_of(branch: Branch) -> str:
    """A step's name on one line."""
    return " ".join(branch.step.name.split()) or "(no name)"


def _bar(row: int, branch: Branch, begins: datetime) -> Bar:
    step = branch.step
    after = step.start - begins
    start_ns = (after.days * 86_400 + after.seconds) * 1_000_000_000 + after.microseconds * 1000
    mark = "✕ " if step.failed else ""
    tokens = f"{step.prompt_tokens:,} in, {step.output_tokens:,} out" if step.model else ""
    return Bar(
        row,
        step.span_id,
        f"{_KEPT}{_INDENT * min(branch.depth, _MOST_INDENT)}{mark}{name_of(branch)}",
        _what(branch),
        start_ns,
        start_ns + step.duration_ns,
        cost_of(branch),
        formats.duration(step.duration_ns),
        step.error_type or step.outcome or ("failed" if step.failed else ""),
        step.failed,
        name_of(branch),
        tokens,
    )


def _what(branch: Branch) -> str:
    if branch.step.kind == "report":
        return REPORT
    return SPAN if branch.step.kind == "span" else branch.step.model or UNKNOWN_MODEL


def _color(what: str) -> str:
    return NEUTRAL if what in {SPAN, REPORT, UNKNOWN_MODEL} else model_color(what)


def _row(bar: Bar, size: int, chosen: str | None) -> dict[str, Any]:
    shown = ("row", "span_id", "plain_name", "cost", "took", "tokens", "status")
    return {
        **{name: getattr(bar, name) for name in shown},
        "what": bar.what,
        "series": bar.what,
        "start": bar.start_ns / size,
        "end": bar.end_ns / size,
        "plain": bar.what in {SPAN, REPORT},
        "failed": bar.failed,
        "chosen": bar.span_id == chosen,
    }


def _aligned(names: Mapping[int, str]) -> dict[str, Any]:
    """Names begin on one line at the left, in as much room as there is for them."""
    wanted = max((len(name) for name in names.values()), default=0) * _A_LETTER
    narrow, middle, wide = (min(wanted, most) for most in (_NARROW, _MIDDLE, _WIDE))
    room = alt.ExprRef(f"width < 330 ? {narrow} : width < 620 ? {middle} : {wide}")
    return {"orient": "left", "labelAlign": "left", "labelPadding": room, "labelLimit": room}


def _steps(rows: Sequence[int], words: Mapping[int, str], **axis: Any) -> alt.Y:
    return alt.Y(
        "row:O",
        sort=list(rows),
        title=None,
        axis=alt.Axis(
            ticks=False,
            domain=False,
            labelOverlap=False,
            labelExpr=f"{json.dumps(words)}[datum.value]",
            **axis,
        ),
    )


def _highlight(frame: Sequence[dict[str, Any]], rows: Sequence[int], top: float) -> alt.Chart:
    """A band behind the step that is looked at."""
    chosen = [{"row": row["row"], "start": 0.0, "end": top} for row in frame if row["chosen"]]
    band: alt.Chart = (
        alt.Chart(frame_of(chosen or [{"row": -1, "start": 0.0, "end": 0.0}]))
        .mark_bar(color=ACCENT, opacity=0.18, size=_ROW - 2)
        .encode(x="start:Q", x2="end:Q", y=alt.Y("row:O", sort=list(rows), axis=None))
    )
    return band


def _unit(bars: Sequence[Bar]) -> tuple[int, str]:
    longest = max((bar.end_ns for bar in bars), default=0)
    return next(((size, name) for size, name in _UNITS if longest >= 2 * size), _UNITS[-1])
