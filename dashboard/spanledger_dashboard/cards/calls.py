"""The newest calls, as they arrive."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from spanledger_dashboard import address, data, formats, places
from spanledger_dashboard.cards.card import guarded
from spanledger_dashboard.filters import Scope
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["latest_calls"]

_SHOWN = 25
_NONE = "—"


def latest_calls(here: Scope) -> None:
    """A table of the newest calls that follows them while it is live."""
    settings = here.settings
    with st.container(border=True):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            with st.container(gap=None, width="content"):
                st.markdown("**Latest calls**", width="content")
                where = formats.plain(formats.zone_name(settings.zone, datetime.now(timezone.utc)))
                st.caption(f"Newest first, times in {where}", width="content")
            live = st.toggle("Live", value=True, key="live", help="Off holds the table still.")
        st.fragment(_table, run_every=1 if live else None)(here)


def _table(here: Scope) -> None:
    settings = here.settings
    with guarded(height=320):
        calls = data.latest_calls(settings.source, _SHOWN, here.filters)
        st.dataframe(
            [_row(call, settings) for call in calls],
            key="latest_calls",
            hide_index=True,
            height=390,
            placeholder="unpriced",
            column_config=_columns(),
            alt="The newest calls with model, tokens, time taken, cost and ids",
        )


def _row(call: dict[str, Any], settings: DashboardSettings) -> dict[str, Any]:
    cost = call["cost_usd"]
    return {
        "Time": _local(call["start_time"], settings),
        "Model": call["model"] or _NONE,
        "Service": call["service"] or _NONE,
        "Team": call["team"] or _NONE,
        "Feature": call["feature"] or _NONE,
        "Outcome": call["error_type"] or call["outcome"] or _NONE,
        "Prompt": formats.quantity(_prompt(call)),
        "Output": formats.quantity(int(call["output_tokens"] or 0)),
        "Took": formats.duration(call["duration_ns"]),
        "Cost": _cost(cost, call["cost_status"]),
        "Trace": call["trace_id"] or _NONE,
        "Request": call["request_id"] or _NONE,
        "Open": _link(call),
    }


def _link(call: dict[str, Any]) -> str:
    """The call in its trace; relative, since the dashboard may be served below a path."""
    started = _aware(call["start_time"])
    to = places.to_trace(address.params(), call["trace_id"], started, call["span_id"])
    return f"traces?{urlencode(to, doseq=True)}"


def _prompt(call: dict[str, Any]) -> int:
    kinds = (
        "input_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
    )
    return sum(int(call.get(kind) or 0) for kind in kinds)


def _cost(cost: Any, status: str | None) -> str:
    text = formats.money(cost)
    return f"~{text}" if status == "estimated" and cost is not None else text


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _local(moment: datetime, settings: DashboardSettings) -> str:
    local = _aware(moment).astimezone(settings.zone)
    today = datetime.now(settings.zone).date()
    return (
        f"{local:%H:%M:%S}" if local.date() == today else f"{formats.day(local)} {local:%H:%M:%S}"
    )


def _columns() -> dict[str, Any]:
    text = st.column_config.TextColumn
    right: Final = "right"
    return {
        "Time": text(pinned=True),
        "Prompt": text(alignment=right, help="Prompt tokens: uncached, cache reads and writes"),
        "Output": text(alignment=right, help="Output tokens"),
        "Took": text(alignment=right),
        "Cost": text("Cost (USD)", alignment=right, help="~ marks an estimate"),
        "Trace": text("Trace id", width="medium", help="Click a cell and copy it"),
        "Request": text("Request id", width="medium", help="Click a cell and copy it"),
        "Open": st.column_config.LinkColumn(
            "Call", display_text="Open", help="In its trace, in full; in a new tab"
        ),
    }
