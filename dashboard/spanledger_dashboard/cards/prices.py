"""What each model costs, and the calls that no price is known for."""

from __future__ import annotations

from datetime import date, datetime, timezone
from typing import Any, Final

import streamlit as st

from spanledger_dashboard import data, formats, states
from spanledger_dashboard.cards.card import guarded
from spanledger_dashboard.layout import grid
from spanledger_dashboard.price_rows import KINDS, PLATFORMS, as_rows
from spanledger_dashboard.reasons import explained
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["price_list", "unpriced_models"]

_UNPRICED_DAYS = 30
_HEIGHT = 720
_COUNT = st.column_config.NumberColumn(format="localized")
_UNPRICED_COLUMNS = {
    "Calls": _COUNT,
    "Prompt tokens": _COUNT,
    "Output tokens": _COUNT,
    "Last call": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
}


def unpriced_models(settings: DashboardSettings) -> None:
    """The calls of the last thirty days that are in no sum of dollars."""
    with guarded(60):
        rows = data.unpriced(settings.source)
        if not rows:
            st.markdown(
                f":green[:material/check_circle: Every call of the last {_UNPRICED_DAYS} days"
                " has a price.]"
            )
            return
        calls = formats.count(sum(row["calls"] for row in rows), "call")
        with st.container(border=True):
            st.markdown(f"**:orange[:material/help: {calls} without a price]**")
            st.caption(
                f"In the last {_UNPRICED_DAYS} days; they are in no sum of dollars. Write a price"
                " into the overrides file, then run **spanledger prices reprice**."
            )
            st.dataframe(
                [_unpriced(row, settings) for row in rows],
                key="unpriced_models",
                hide_index=True,
                height="content",
                column_config=_UNPRICED_COLUMNS,
                alt="Models that calls have no price for, with the reason and how many",
            )


def price_list(settings: DashboardSettings) -> None:
    """The prices of a day on a platform."""
    with grid(3, min_column_width=220):
        day = st.date_input(
            "Prices on (UTC)",
            value=_today(),
            max_value=_today(),
            key="price_day",  # “at” is a choice of another page
            format="YYYY-MM-DD",
        )
        platform = st.selectbox(
            "Platform", list(PLATFORMS), format_func=PLATFORMS.__getitem__, key="platform"
        )
        active = st.toggle("Without retired models", value=True, key="active")
    with guarded(_HEIGHT):
        rows = data.prices(settings.source, day or _today(), platform, active=active)
        if not rows:
            states.nothing_here("No model had a price there on that day. Choose another.")
            return
        st.caption(_summary(rows))
        st.dataframe(
            as_rows(rows),
            key="price_list",
            hide_index=True,
            height=_HEIGHT,
            placeholder="—",
            column_config=_columns(with_contract=any(row["override"] for row in rows)),
            alt="Prices of each model per million tokens, with list price, life and source",
        )


def _summary(rows: list[dict[str, Any]]) -> str:
    models = {row["model"] for row in rows}
    agreed = {row["model"] for row in rows if row["override"]}
    words = [
        f"{formats.count(len(models), 'model')}, US dollars per million tokens",
        f"web search {formats.money(rows[0]['web_search_usd'])} each",
    ]
    if agreed:
        words.append(f"{formats.count(len(agreed), 'model')} under contract")
    return " · ".join(words).replace("$", "\\$")


def _unpriced(row: dict[str, Any], settings: DashboardSettings) -> dict[str, Any]:
    return {
        "Model": row["model"],
        "Calls": row["calls"],
        "Why": explained(row["reasons"]),
        "Prompt tokens": row["prompt_tokens"],
        "Output tokens": row["output_tokens"],
        "Last call": row["last_call"].astimezone(settings.zone),
    }


def _columns(*, with_contract: bool) -> dict[str, Any]:
    money = st.column_config.NumberColumn
    text = st.column_config.TextColumn
    day = st.column_config.DateColumn
    right: Final = "right"
    contract = None if not with_contract else money(format="%.9g")
    return {
        "Model": text(pinned=True),
        **{label: money(format="%.9g", help="USD per million tokens") for label in KINDS.values()},
        "Override": text(width="medium") if with_contract else None,
        "List input": contract,
        "List output": contract,
        "Batch": text(alignment=right, help="Factor on every token in a batch"),
        "US only": text(alignment=right, help="Factor when inference stays in the US"),
        "Regional": text(alignment=right, help="Factor on regional Bedrock and Google endpoints"),
        **{label: day(format="YYYY-MM-DD") for label in ("Released", "Retired", "Since", "Until")},
        "Source": text(width="medium"),
        "Note": text(width="medium"),
    }


def _today() -> date:
    return datetime.now(timezone.utc).date()
