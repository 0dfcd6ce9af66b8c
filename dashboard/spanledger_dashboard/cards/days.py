"""The last thirty days: cost by model, tokens by kind, cache-hit share."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import streamlit as st

from spanledger_dashboard import charts, data, formats, palette, shapes
from spanledger_dashboard.buckets import buckets
from spanledger_dashboard.cards.card import card, guarded, lacking
from spanledger_dashboard.catalogue import MEASURES
from spanledger_dashboard.measures import NOTHING
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.windows import Window, window

__all__ = ["cache_by_day", "cost_by_day", "tokens_by_day"]

_TALL, _LOW = 330, 240
_KINDS = {
    "Cache read": MEASURES["cache_read"],
    "Uncached input": MEASURES["input"],
    "Cache write": MEASURES["cache_write"],
    "Output": MEASURES["output"],
}


def cost_by_day(settings: DashboardSettings) -> None:
    """Cost by day and model; the day that still runs is faded, a spike has its words."""
    shown = _thirty_days(settings)
    with card("Cost by day and model", _period(shown)):
        _cost(settings, shown)


def tokens_by_day(settings: DashboardSettings) -> None:
    """Tokens by day and kind."""
    shown = _thirty_days(settings)
    with card("Tokens by day and kind", _period(shown)):
        _tokens(settings, shown)


def cache_by_day(settings: DashboardSettings) -> None:
    """Which part of the prompt tokens came from the cache."""
    shown = _thirty_days(settings)
    with card("Cache-hit share by day", f"Share of all prompt tokens. {_period(shown)}"):
        _cache(settings, shown)


@st.fragment(parallel=True)
def _cost(settings: DashboardSettings, shown: Window) -> None:
    with guarded(_TALL):
        cells = _by_day(settings, shown).by("bucket", "group_1")
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
        lacking(sum(cells.values(), start=NOTHING))


@st.fragment(parallel=True)
def _tokens(settings: DashboardSettings, shown: Window) -> None:
    with guarded(_LOW):
        days = _by_day(settings, shown).by("bucket")
        steps = buckets(shown, "day")
        slices = [
            charts.Slice(
                step.label, kind, float(measure.of(day) or 0), measure.text(day), step.partial
            )
            for step in steps
            for day in [days.get((step.start,), NOTHING)]
            for kind, measure in _KINDS.items()
        ]
        st.altair_chart(
            charts.stacked_bars(
                slices,
                steps=[step.label for step in steps],
                colors={kind: palette.TOKEN_COLORS[kind] for kind in _KINDS},
                unit="count",
                height=_LOW,
            ),
            alt="Tokens by day: cache reads, uncached input, cache writes and output",
        )


@st.fragment(parallel=True)
def _cache(settings: DashboardSettings, shown: Window) -> None:
    with guarded(_LOW):
        days = _by_day(settings, shown).by("bucket")
        cells = {(start, "Cache-hit share"): totals for (start,), totals in days.items()}
        drawn = shapes.timeline(cells, buckets(shown, "day"), MEASURES["cache_hit"])
        overall = formats.share(sum(days.values(), start=NOTHING).cache_hit_share)
        st.altair_chart(
            charts.lines(
                drawn.slices,
                steps=drawn.steps,
                colors={"Cache-hit share": palette.TOKEN_COLORS["Cache read"]},
                unit="share",
                height=_LOW,
            ),
            alt=f"Cache-hit share by day, {overall} over all 30 days",
        )


def _thirty_days(settings: DashboardSettings) -> Window:
    return window("30d", datetime.now(settings.zone), settings.zone)


def _by_day(settings: DashboardSettings, shown: Window) -> data.Usage:
    """One question for all three cards: the cache answers two of them."""
    return data.usage(
        settings.source,
        shown.start,
        shown.end,
        settings.zone.key,
        bucket="day",
        groups=("model",),
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
