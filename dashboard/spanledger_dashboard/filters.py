"""The controls that pages share: the time range, the filters, and the explorer's question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import streamlit as st

from spanledger_dashboard import address, data
from spanledger_dashboard.buckets import BUCKETS, affordable, fitting
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES, Measure
from spanledger_dashboard.data import Filters
from spanledger_dashboard.layout import grid
from spanledger_dashboard.links import AUTOMATIC, EXPLORER, NOTHING, controls_of
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import DashboardSettings, Source
from spanledger_dashboard.states import in_place
from spanledger_dashboard.time_range import choose_window
from spanledger_dashboard.windows import Window

__all__ = [
    "Question",
    "Scope",
    "choose_filters",
    "choose_group",
    "choose_question",
    "scope",
]


class Scope(NamedTuple):
    """What a page is asked to show: of which time, and of which calls.

    `settings.zone` is the zone that was chosen.
    """

    settings: DashboardSettings
    now: datetime
    shown: Window
    filters: Filters

    @property
    def source(self) -> Source:
        """The collector that is asked."""
        return self.settings.source


@dataclass(frozen=True)
class Question:
    """How the range is measured and cut."""

    measure: Measure
    bucket: str
    groups: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The groups as the query API names them."""
        return tuple(DIMENSIONS[name][0] for name in self.groups)

    @property
    def labels(self) -> tuple[str, ...]:
        """The groups in words."""
        return tuple(DIMENSIONS[name][1] for name in self.groups)


def scope() -> Scope:
    """A page's bar: time range and filters, as they stand in the address.

    With the collector away the filters have only the values of the link, and the page's cards say
    what happened.
    """
    settings = address.settings()
    now = datetime.now(settings.zone)
    bar = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    shown = choose_window(now, settings.zone, bar)
    values: Mapping[str, Sequence[str]] = {}
    try:
        values = data.dimension_values(settings.source, shown.start, shown.end)
    except CollectorProblem as failure:
        in_place(failure)
    with bar:
        wanted = choose_filters(values)
    return Scope(settings, now, shown, wanted)


def choose_question(shown: Window) -> Question:
    """What is measured, in which steps, by which groups."""
    words = {name: label for name, (_, label) in DIMENSIONS.items()} | {NOTHING: "Nothing"}
    with grid(4, min_column_width=150):
        measure = _choice("Measure", "measure", {name: MEASURES[name].label for name in MEASURES})
        first = _choice("Group by", "by", words)
        second = _choice("Then by", "then", words)
        bucket = _choice("Bucket", "bucket", BUCKETS | {AUTOMATIC: "Automatic"})
    chosen = fitting(shown.span) if bucket == AUTOMATIC else bucket
    groups = (first,) if second in {NOTHING, first} else (first, second)
    return Question(MEASURES[measure], affordable(chosen, shown.span), groups)


def choose_group(page: str) -> str:
    """By what the tables of a page tell apart.

    Args:
        page: its name in the address.
    """
    chosen: str = st.selectbox(
        "Group the tables by",
        controls_of(page).choices["by"].allowed,
        format_func=lambda name: DIMENSIONS[name][1],
        width=240,
        **address.control("by"),
    )
    return chosen


def choose_filters(values: Mapping[str, Sequence[str]]) -> Filters:
    """One choice for each dimension; values of a link stay, even if this range has none."""
    active = sum(1 for name in DIMENSIONS if st.session_state[name])
    label = f"Filters · {active} active" if active else "Filters"
    with st.popover(label, icon=":material/filter_alt:", key="filter_panel"):
        with grid(2, min_column_width=240):
            chosen = tuple(_accepted(name, values) for name in DIMENSIONS)
        st.button("Reset filters", icon=":material/filter_alt_off:", on_click=_reset)
    return tuple((column, wanted) for column, wanted in chosen if wanted)


def _accepted(name: str, values: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    column, label = DIMENSIONS[name]
    wanted = st.multiselect(
        label,
        list(dict.fromkeys([*values.get(column, ()), *st.session_state[name]])),
        placeholder="All",
        **address.control(name),
    )
    return column, tuple(wanted)


def _choice(label: str, name: str, words: Mapping[str, str]) -> str:
    chosen: str = st.selectbox(
        label,
        EXPLORER.choices[name].allowed,
        format_func=words.__getitem__,
        **address.control(name),
    )
    return chosen


def _reset() -> None:
    address.choose(**{name: [] for name in DIMENSIONS})
