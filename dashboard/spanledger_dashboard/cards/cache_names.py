"""Who pays for prompts that do not come from the cache: the tables of the Cache page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from spanledger_dashboard import cache_shapes, states, table
from spanledger_dashboard.cards.card import card, guarded, wide
from spanledger_dashboard.cards.period import period
from spanledger_dashboard.catalogue import DIMENSIONS
from spanledger_dashboard.data import Filters
from spanledger_dashboard.data import cache as asked
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["late_reuses", "worst"]

_HEIGHT = 260
_PERCENT = "%.1f%%"


def worst(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    """Who pays most for prompts that do not come from the cache."""
    _, label = DIMENSIONS[dimension]
    title = f"Paid for prompts that did not come from the cache, by {label.lower()} (USD)"
    with card(title, f"Uncached input and cache writes. {period(shown)}"):
        _worst(source, shown, wanted, dimension)


def late_reuses(source: Source, shown: Window, wanted: Filters) -> None:
    """Prompts that were used again just after their lifetime had run out."""
    with card(
        "Used again just after five minutes",
        f"Within the hour, and written to the cache again. {period(shown)}",
    ):
        _reuses(source, shown, wanted)


@st.fragment(parallel=True)
def _worst(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    column, label = DIMENSIONS[dimension]
    with guarded(_HEIGHT):
        now = asked.caching.by_value(source, shown.start, shown.end, group=column, filters=wanted)
        before = asked.caching.by_value(
            source, shown.before_start, shown.before_end, group=column, filters=wanted
        )
        missed = asked.misses(source, shown.start, shown.end, group=column, filters=wanted)
        rows = cache_shapes.worst_rows(now, before, missed, label)
        if not rows:
            states.nothing_here("No call in this range.")
            return
        st.dataframe(
            rows,
            key="cache_worst",
            hide_index=True,
            height="content" if len(rows) <= 15 else 560,
            placeholder="—",
            column_config=_worst_columns(rows, label),
            alt=f"Caching by {label.lower()}, the dearest first",
        )


def _worst_columns(rows: list[dict[str, Any]], label: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    places = table.decimals([row["Not from the cache"] for row in rows])
    dollars = f"$%,.{places}f"
    return {
        label: st.column_config.TextColumn(pinned=True, width=wide(row[label] for row in rows)),
        "Not from the cache": number(
            format=dollars, help="Paid for uncached input and for writes to the cache"
        ),
        "Hit share": st.column_config.ProgressColumn(format=_PERCENT, min_value=0, max_value=100),
        "Hit share before": number(format=_PERCENT, help="The same length of time before"),
        "Net saved": number(format=dollars, help="Saved by reads less the premium on writes"),
        "Net saved before": number(format=dollars, help="The same length of time before"),
        "Missed, as reported": number(
            format=dollars, help="Beyond what reading would have cost; empty where not diagnosed"
        ),
        "Written": number(format="compact", help="Tokens written to the cache"),
        "Written for 1 h": number(format=_PERCENT, help="Of the tokens written"),
        "Calls": number(format="localized"),
    }


@st.fragment(parallel=True)
def _reuses(source: Source, shown: Window, wanted: Filters) -> None:
    with guarded(160):
        found = asked.reuses(source, shown.start, shown.end, wanted)
        if not found:
            st.markdown(
                ":green[:material/check_circle: No prompt was written again just after its five "
                "minutes.]"
            )
            return
        rows = cache_shapes.reuse_rows(found)
        number = st.column_config.NumberColumn
        places = table.decimals([row["Written again"] for row in rows])
        st.dataframe(
            rows,
            key="cache_reuse",
            hide_index=True,
            height="content" if len(rows) <= 8 else 320,
            placeholder="—",
            column_config={
                "Service": st.column_config.TextColumn(
                    pinned=True, width=wide(row["Service"] for row in rows)
                ),
                "Late reuses": number(format="localized"),
                "Of all reuses": number(format=_PERCENT),
                "Typical gap": st.column_config.TextColumn(
                    help="Between a use and the late one after it; half are shorter"
                ),
                "Written again": number(
                    "Written again (USD)", format=f"$%,.{places}f", help="By late reuses"
                ),
                "1-hour writes would save": number(
                    "1-hour writes would save (USD)",
                    format=f"%+,.{places}f",
                    help="Their higher price on all writes deducted; negative: they do not pay",
                ),
            },
            alt="Prompts written again just after their five minutes, the dearest first",
        )
