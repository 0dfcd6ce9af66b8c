"""Who is slow and what fails: the tables of the page on latency and reliability."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import streamlit as st

from spanledger_dashboard import address, formats, latency_shapes, places, states
from spanledger_dashboard.cards.card import card, escaped, guarded, wide
from spanledger_dashboard.cards.period import period
from spanledger_dashboard.catalogue import DIMENSIONS
from spanledger_dashboard.data import Filters
from spanledger_dashboard.data import latency as asked
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["by_name", "failures"]

_HEIGHT = 260


def by_name(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    """Speed and reliability of each name, with the range before."""
    _, label = DIMENSIONS[dimension]
    with card(
        f"Speed and failures by {label.lower()}",
        f"{period(shown)}. Percentiles are within 2 %; “before” is {shown.before_label}",
    ):
        _table(source, shown, wanted, dimension)


def failures(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    """What went wrong, by class."""
    _, label = DIMENSIONS[dimension]
    with card(
        f"Error classes and retries by {label.lower()}",
        f"{period(shown)}. “Before” is {shown.before_label}",
    ):
        _classes(source, shown, wanted, dimension)


@st.fragment(parallel=True)
def _table(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    column, label = DIMENSIONS[dimension]
    with guarded(_HEIGHT):
        rows = latency_shapes.speed_rows(
            asked.paces.by_value(source, shown.start, shown.end, group=column, filters=wanted),
            asked.paces.by_value(
                source, shown.before_start, shown.before_end, group=column, filters=wanted
            ),
            asked.requests.by_value(source, shown.start, shown.end, group=column, filters=wanted),
            label,
        )
        if not rows:
            states.nothing_here("No request in this range.")
            return
        st.dataframe(
            rows,
            key="speed_table",
            hide_index=True,
            height="content" if len(rows) <= 12 else 460,
            placeholder="—",
            column_config=_speed_columns(rows, label),
            alt=f"Speed and failures by {label.lower()}, the most used first",
        )


def _speed_columns(rows: list[dict[str, Any]], label: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    seconds = "%.2f s"
    return {
        label: st.column_config.TextColumn(pinned=True, width=wide(row[label] for row in rows)),
        "Requests": number(format="localized"),
        "p50": number(format=seconds, help="Half of the requests took at most so long"),
        "p95": number(format=seconds, help="95 of 100 requests did"),
        "p95 before": number(format=seconds, help="The same length of time before"),
        "p99": number(format=seconds, help="99 of 100 requests did"),
        "Chunk p50": number(format=seconds, help="Half of the streams began within this time"),
        "Chunk p95": number(format=seconds, help="95 of 100 streams did"),
        "Tokens/s": number(format="%.1f", help="Output tokens over the whole time"),
        "Tokens/s before": number(format="%.1f", help="The same length of time before"),
        "Failed": number(format="%.2f%%", help="Of all requests"),
        "Retries": number(format="localized"),
        "Wasted": number("Wasted (USD)", format="$%,.2f", help="On requests not completed"),
    }


@st.fragment(parallel=True)
def _classes(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    column, label = DIMENSIONS[dimension]
    with guarded(_HEIGHT):
        rows = latency_shapes.classes(
            asked.failures(source, shown.start, shown.end, column, wanted),
            asked.failures(source, shown.before_start, shown.before_end, column, wanted),
            label,
        )
        if not rows:
            st.markdown(":green[:material/check_circle: Nothing failed and nothing was retried.]")
            return
        for row in rows:
            link = places.to_trace(address.params(), row["Trace"], row["Newest"])
            row["Trace"] = f"traces?{urlencode(link, doseq=True)}"
            row["Newest"] = row["Newest"].astimezone(shown.zone).replace(tzinfo=None)
        st.dataframe(
            rows,
            key="error_classes",
            hide_index=True,
            height="content" if len(rows) <= 10 else 390,
            placeholder="—",
            column_config=_class_columns(shown),
            alt="Error classes, the most frequent first",
        )


def _class_columns(shown: Window) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    zone = formats.zone_name(shown.zone, shown.until)
    return {
        "What": st.column_config.TextColumn(pinned=True),
        "Status": number(format="%d", help="HTTP status of the answer"),
        "Requests": number(format="localized"),
        "Before": number(format="localized", help=escaped(shown.before_label)),
        "Retries": number(format="localized", help="Taken by the SDK"),
        "Cost": number("Cost (USD)", format="$%,.4f"),
        "Newest": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", help=zone),
        "Trace": st.column_config.LinkColumn(
            "Trace of the newest", display_text=r"trace=([0-9a-f]{8})", help="Opens the trace"
        ),
    }
