"""A bordered card with a title that stays while its content loads or fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from spanledger_dashboard import formats, states
from spanledger_dashboard.measures import Totals
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.windows import Window

__all__ = [
    "card",
    "download",
    "escaped",
    "guarded",
    "lacking",
    "metric",
    "moved",
    "unpriced_only",
    "wide",
]

_MOST_LETTERS = 40


@contextmanager
def card(title: str, period: str) -> Iterator[None]:
    """A card; `period` says of which time its numbers are."""
    with st.container(border=True, height="stretch"):
        with st.container(gap=None):
            st.markdown(f"**{title}**")
            st.caption(period)
        yield


@contextmanager
def guarded(height: int = 120) -> Iterator[None]:
    """A skeleton while the first question runs, and the reason in its place when one fails."""
    try:
        with states.loading(height):
            yield
    except CollectorProblem as failure:
        states.in_place(failure)


def metric(
    label: str,
    value: str,
    change: str | None,
    compared: str,
    *,
    color: Literal["normal", "inverse", "off"] = "off",
    note: str | None = None,
    border: bool = True,
) -> None:
    """A number beside what it was; it has no colour and no arrow when nothing changed."""
    same = change == "no change"
    st.metric(
        label,
        escaped(value),
        escaped(change) if change else None,
        delta_color="off" if same else color,
        delta_arrow="off" if same else "auto",
        delta_description=compared,
        help=note,
        border=border,
        height="stretch" if border else "content",
    )


def moved(now: Totals, before: Totals | None) -> str | None:
    """The difference of two costs; None where one is not known, for that is not nothing."""
    if before is None or now.known_cost_usd is None or before.known_cost_usd is None:
        return None
    return formats.change(now.known_cost_usd, before.known_cost_usd)


def lacking(totals: Totals) -> None:
    """Says how many calls a chart of cost cannot show."""
    if totals.unpriced_calls:
        verb = "is" if totals.unpriced_calls == 1 else "are"
        calls = formats.count(totals.unpriced_calls, "unpriced call")
        st.markdown(f":small[:orange[:material/help: {calls} {verb} not in this chart]]")


def unpriced_only(totals: Totals) -> bool:
    """Says, in place of a chart of cost, that not one call has a price; whether that is so."""
    none = totals.known_cost_usd is None
    if none:
        calls = formats.count(totals.unpriced_calls, "call")
        states.nothing_here(f"{calls} without a price: no cost to draw. The page Prices says why.")
    return none


def wide(names: Iterable[str]) -> Literal["medium"] | None:
    """How wide a column of names is: as wide as they are, but for very long ones."""
    return "medium" if any(len(name) > _MOST_LETTERS for name in names) else None


def escaped(text: str) -> str:
    """Dollar signs start a formula in Markdown."""
    return text.replace("$", "\\$")


def download(kind: str, content: Callable[[], str | bytes], shown: Window) -> None:
    """A file that is made when it is asked for."""
    name = f"spanledger-{shown.start:%Y%m%d}-{shown.until:%Y%m%d}.{kind.lower()}"
    st.download_button(
        f"Download {kind}",
        content,
        file_name=name,
        mime="text/csv" if kind == "CSV" else "application/vnd.apache.parquet",
        icon=":material/download:",
        on_click="ignore",
    )
