"""What changed between a range and the one before: who, by how much and why."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spanledger_dashboard import address, changes, charts, data, formats, palette, states
from spanledger_dashboard.buckets import buckets
from spanledger_dashboard.cards.card import card, escaped, guarded, wide
from spanledger_dashboard.catalogue import DIMENSIONS
from spanledger_dashboard.changes import Change
from spanledger_dashboard.data.changes import what_changed
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.layout import grid
from spanledger_dashboard.links import SPLITS
from spanledger_dashboard.measures import NOTHING
from spanledger_dashboard.ways import way

__all__ = ["change", "choose_split", "movers"]

_HEIGHT = 300
_DRIVERS = 5
_MOVERS = 10


def choose_split() -> str:
    """By which dimension the difference is told apart."""
    name = st.segmented_control(
        "What changed, by",
        SPLITS,
        format_func=lambda name: DIMENSIONS[name][1],
        required=True,
        **address.control("split"),
    )
    return name or SPLITS[0]


def change(here: Scope, dimension: str) -> None:
    """The difference to the range before, by one dimension and by cause."""
    label = DIMENSIONS[dimension][1].lower()
    with card(f"What changed, by {label} and cause", _compared(here)):
        _change(here, dimension)


@st.fragment(parallel=True)
def _change(here: Scope, dimension: str) -> None:
    with guarded(_HEIGHT):
        if not _comparable(here):
            states.nothing_here(
                f"Nothing to compare with: the ledger begins after {here.shown.before_label}."
            )
            return
        column, label = DIMENSIONS[dimension]
        found = what_changed(here.source, here.shown, column, here.filters)
        leading = changes.leading(found)
        whole = changes.totals(found)
        if not leading:
            states.nothing_here(f"No {label.lower()} costs more or less than before.")
            return
        told = changes.summary(whole)
        st.markdown(escaped(f"**{told}**"))
        bars = changes.bars(leading)
        causes = {part.series for part in bars}
        colors = {name: hue for name, hue in palette.CAUSE_COLORS.items() if name in causes}
        with grid(2, min_column_width=340):
            st.altair_chart(
                charts.composition(bars, colors=colors, unit="money"),
                alt=f"What changed by {label.lower()}: {told}; {_words(leading)}",
            )
            with st.container(gap="xsmall"):
                _drivers(here, dimension, leading)


def _drivers(here: Scope, dimension: str, leading: list[Change]) -> None:
    """Each of the largest with its reason, the way to its slice and to its traces."""
    for moved in [each for each in leading if not each.rest][:_DRIVERS]:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            amount = escaped(changes.signed(moved.difference_usd))
            color = "red" if moved.difference_usd > 0 else "green"
            name = formats.plain(moved.name)
            st.markdown(f":{color}[**{amount}**] {name} :gray[{changes.mostly(moved)}]")
            chosen: dict[str, Any] = {dimension: [moved.name]}
            inner = next(split for split in ("feature", "model") if split != dimension)
            with st.container(horizontal=True, gap="small", width="content"):  # wrap together
                way("explorer", "Explore", by=inner, **chosen)
                way("traces", "Traces", show="traces", **chosen)


def movers(here: Scope, dimension: str) -> None:
    """The names that moved most, each with its days."""
    label = DIMENSIONS[dimension][1]
    with card(f"Top movers, by {label.lower()}", _compared(here)):
        _movers(here, dimension)


@st.fragment(parallel=True)
def _movers(here: Scope, dimension: str) -> None:
    with guarded(_HEIGHT):
        if not _comparable(here):
            states.nothing_here("There is no range before to have moved from.")
            return
        column, label = DIMENSIONS[dimension]
        found = changes.leading(
            what_changed(here.source, here.shown, column, here.filters), _MOVERS
        )
        drawn = _days(here, column, tuple(each.name for each in found if not each.rest))
        rows = [
            {
                label: each.name,
                "Days": drawn.get(each.name, []),
                "Cost": formats.money(each.after_usd),
                "Change": changes.signed(each.difference_usd),
                "Change %": formats.relative(each.after_usd or 0, each.before_usd or 0) or "new",
                "Calls": formats.quantity(each.after_calls),
                "Why": changes.mostly(each),
            }
            for each in found
            if not each.rest
        ]
        if not rows:
            states.nothing_here(f"No {label.lower()} moved.")
            return
        st.dataframe(
            rows,
            key="movers",
            hide_index=True,
            height="content",
            column_config=_columns(label, rows),
            alt=f"The {label.lower()} values that moved most: {_words(found)}",
        )


def _days(here: Scope, column: str, names: tuple[str, ...]) -> dict[str, list[float]]:
    """The cost of each name in every step of both ranges, in order."""
    both = here.shown.with_before()
    bucket = "hour" if both.span.days <= 2 else "day"
    narrowed = (*(pair for pair in here.filters if pair[0] != column), (column, names))
    cells = data.usage(
        here.source,
        both.start,
        both.end,
        both.zone.key,
        bucket=bucket,
        groups=(column,),
        filters=narrowed,
        measures=("cost_usd",),
    ).by("bucket", "group_1")
    steps = buckets(both, bucket)
    return {
        name: [float(cells.get((step.start, name), NOTHING).cost_usd) for step in steps]
        for name in names
    }


def _comparable(here: Scope) -> bool:
    begins = data.health(here.source).first_call
    return begins is not None and here.shown.before_end > begins


def _compared(here: Scope) -> str:
    shown = here.shown
    zone = formats.plain(formats.zone_name(shown.zone, here.now))
    partial = " so far" if shown.running and "so far" not in shown.label else ""
    return (
        f"{shown.label[:1].upper()}{shown.label[1:]}{partial} against {shown.before_label}, {zone}"
    )


def _words(found: list[Change]) -> str:
    return ", ".join(
        f"{each.name} {changes.signed(each.difference_usd)} {changes.mostly(each)}".strip()
        for each in found[:3]
    )


def _columns(label: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        label: text(pinned=True, width=wide(row[label] for row in rows)),
        "Days": st.column_config.AreaChartColumn(
            "Both ranges", help="Cost in every step of the range before and of this one", y_min=0
        ),
        "Cost": text("Cost (USD)", alignment="right"),
        "Change": text("Change (USD)", alignment="right"),
        "Change %": text(alignment="right"),
        "Calls": text(alignment="right"),
    }
