"""The controls of the cost explorer, kept in step with the address.

Streamlit's own binding of a widget to the address replaces the history entry, so that "back" would
leave the page. Here every choice is an entry: the address is written when a control changes, and
read when it differs from what was written, which is when a link was opened or history moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from spanledger_dashboard.buckets import BUCKETS, affordable, fitting
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES, Measure
from spanledger_dashboard.data import Filters
from spanledger_dashboard.layout import grid
from spanledger_dashboard.links import (
    AUTOMATIC,
    CHOICES,
    DAYS,
    NOTHING,
    View,
    as_params,
    as_view,
)
from spanledger_dashboard.windows import DEFAULT_RANGE, RANGES, Window, window

__all__ = ["Question", "choose_filters", "choose_question", "choose_window", "restore"]

_SEEN = "address_seen"
_CONTROLS = (*CHOICES, *DAYS, *DIMENSIONS)


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


def restore() -> None:
    """Set the controls to what the address says, if it is not what they wrote there."""
    address = _address()
    held = all(name in st.session_state for name in CHOICES)
    if held and st.session_state.get(_SEEN) == address:
        return
    st.session_state.update(as_view(address))
    st.session_state[_SEEN] = address


def choose_window(now: datetime, zone: ZoneInfo) -> Window:
    """The time range: a preset, or two days and all between them."""
    name = st.segmented_control(
        "Time range",
        CHOICES["range"],
        format_func=RANGES.__getitem__,
        required=True,
        key="range",
        on_change=_remember,
    )
    custom = _days(now.astimezone(zone).date()) if name == "custom" else None
    return window(name or DEFAULT_RANGE, now, zone, custom)


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


def choose_filters(values: Mapping[str, Sequence[str]]) -> Filters:
    """One choice for each dimension; values of a link stay, even if this range has none."""
    active = sum(1 for name in DIMENSIONS if st.session_state[name])
    label = f"Filters · {active} active" if active else "Filters"
    with st.expander(label, icon=":material/filter_alt:", key="filter_panel"):
        with grid(3, min_column_width=240):
            chosen = tuple(_accepted(name, values) for name in DIMENSIONS)
        st.button("Reset filters", icon=":material/filter_alt_off:", on_click=_reset)
    return tuple((column, wanted) for column, wanted in chosen if wanted)


def _accepted(name: str, values: Mapping[str, Sequence[str]]) -> tuple[str, tuple[str, ...]]:
    column, label = DIMENSIONS[name]
    wanted = st.multiselect(
        label,
        list(dict.fromkeys([*values.get(column, ()), *st.session_state[name]])),
        key=name,
        placeholder="All",
        on_change=_remember,
    )
    return column, tuple(wanted)


def _choice(label: str, name: str, words: Mapping[str, str]) -> str:
    return st.selectbox(
        label, CHOICES[name], format_func=words.__getitem__, key=name, on_change=_remember
    )


def _days(today: date) -> tuple[date, date] | None:
    with st.container(horizontal=True):
        first, last = (
            st.date_input(
                f"{name.capitalize()} (day)",
                value=None,
                max_value=today,
                key=name,
                format="YYYY-MM-DD",
                on_change=_remember,
                width=180,
            )
            for name in DAYS
        )
    if first and last:
        return first, last
    st.caption(f"Choose the first and the last day. Until then: {RANGES[DEFAULT_RANGE].lower()}.")
    return None


def _reset() -> None:
    for name in DIMENSIONS:
        st.session_state[name] = []
    _remember()


def _remember() -> None:
    """Make the present choices an entry of the browser's history."""
    view: View = {name: st.session_state.get(name) for name in _CONTROLS}
    st.query_params.from_dict(as_params(view))
    st.session_state[_SEEN] = _address()


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in sorted(st.query_params)}
