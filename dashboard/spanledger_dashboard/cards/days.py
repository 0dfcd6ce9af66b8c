"""The last thirty days: cost by model, and the days that stand out."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import streamlit as st

from spanledger_dashboard import charts, data, formats, palette, shapes
from spanledger_dashboard.buckets import Bucket, buckets
from spanledger_dashboard.cards.card import card, guarded, lacking, unpriced_only
from spanledger_dashboard.catalogue import MEASURES
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.measures import NOTHING
from spanledger_dashboard.ways import way
from spanledger_dashboard.windows import Window, window

__all__ = ["cost_by_day"]

_TALL = 330
_MOST_WAYS = 3


def cost_by_day(here: Scope) -> None:
    """Cost by day and model; the day that still runs is faded, a spike has its words."""
    shown = _thirty_days(here)
    with card("Cost by day and model", _period(shown)):
        _cost(here, shown)


@st.fragment(parallel=True)
def _cost(here: Scope, shown: Window) -> None:
    with guarded(_TALL):
        cells = _by_day(here, shown).by("bucket", "group_1")
        total = sum(cells.values(), start=NOTHING)
        if unpriced_only(total):
            return
        drawn = shapes.timeline(cells, buckets(shown, "day"), MEASURES["cost"])
        usual = shapes.usual(drawn.slices)
        notes = shapes.standing_out(drawn.slices, usual)
        st.altair_chart(
            charts.stacked_bars(
                drawn.slices,
                steps=drawn.steps,
                colors=palette.series_colors("model", drawn.series),
                unit="money",
                notes=notes,
                usual=usual,
                height=_TALL,
            ),
            alt=f"Cost by day and model. {_spikes(notes)}",
        )
        if usual is not None:
            st.caption(_told(usual, notes))
        _explain(notes, buckets(shown, "day"))
        lacking(total)


def _explain(notes: list[charts.Note], steps: list[Bucket]) -> None:
    """The way from a day that stands out to what made it."""
    days = {step.label: step.start.date().isoformat() for step in steps}
    with st.container(horizontal=True, gap="small"):
        for note in notes[-_MOST_WAYS:]:
            day = days[note.bucket]
            chosen = {"range": "custom", "from": day, "to": day, "by": "team"}
            way("explorer", f"What made {note.bucket}", **chosen)


def _thirty_days(here: Scope) -> Window:
    return window("30d", datetime.now(here.settings.zone), here.settings.zone)


def _by_day(here: Scope, shown: Window) -> data.Usage:
    return data.usage(
        here.source,
        shown.start,
        shown.end,
        here.settings.zone.key,
        bucket="day",
        groups=("model",),
        filters=here.filters,
        measures=("cost_usd", "requests", "unpriced_calls"),
    )


def _period(shown: Window) -> str:
    zone = formats.plain(formats.zone_name(shown.zone, shown.until))
    return f"Last 30 days in {zone}; today so far is faded"


def _told(usual: float, notes: list[charts.Note]) -> str:
    middle = formats.money(Decimal(repr(usual)))
    words = f"Dashed line: the median of the complete days, {middle}. {_spikes(notes)}"
    return words.replace("$", "\\$")


def _spikes(notes: list[charts.Note]) -> str:
    if not notes:
        return "No day stands out."
    return "; ".join(f"{note.bucket}: {note.text}" for note in notes) + "."
