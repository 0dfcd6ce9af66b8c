"""What was refused, who reports calls and what the reports lack: parts of the Health page."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import streamlit as st

from spanledger_dashboard import formats, reasons
from spanledger_dashboard.cards.card import card, guarded
from spanledger_dashboard.cards.period import period
from spanledger_dashboard.data import ledger as asked
from spanledger_dashboard.data.asking import instant
from spanledger_dashboard.problems import AccessDenied
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["doubts", "refused", "reporters"]

_PERCENT = "%.1f%%"


def refused(source: Source, shown: Window) -> None:
    """Spans that were refused, by reason and with examples."""
    with card("Refused spans", f"By time of arrival. {period(shown)}"):
        _refused(source, shown)


def reporters(source: Source, shown: Window) -> None:
    """Which software reports calls."""
    with card("Who reports calls", f"One call counts once, whoever reports it. {period(shown)}"):
        _reporters(source, shown)


def doubts(source: Source, shown: Window) -> None:
    """Which facts the reports lack."""
    with card("Why costs are estimated or unknown", f"By who reported the calls. {period(shown)}"):
        _doubts(source, shown)


@st.fragment(parallel=True)
def _refused(source: Source, shown: Window) -> None:
    with guarded(120):
        try:
            found = asked.refused(source, shown.start, shown.end)
        except AccessDenied:
            st.markdown(
                "Refused spans belong to no team: only a token of the whole ledger may see them, "
                "and this dashboard's token is a team's."
            )
            return
        if not found:
            st.markdown(":green[:material/check_circle: No span was refused.]")
            return
        st.dataframe(
            [
                {
                    "Reason": each.reason,
                    "Spans": each.refused_spans,
                    "What was wrong with the newest": each.newest_detail,
                    "What to do": reasons.refusal(each.reason),
                    "Newest": _local(each.newest_time, shown),
                }
                for each in found
            ],
            key="refused",
            hide_index=True,
            height="content",
            column_config={
                "Spans": st.column_config.NumberColumn(format="localized"),
                "Newest": _time_column(shown),
            },
            alt="Refused spans by reason, the most frequent first",
        )
        for each in found:
            _examples(source, shown, each.reason)


def _examples(source: Source, shown: Window, reason: str) -> None:
    with st.expander(f"Newest examples: {formats.plain(reason)}"):
        for row in asked.examples(source, shown.start, shown.end, reason)[:3]:
            when = _local(row["received_at"], shown)
            st.caption(f"{when:%Y-%m-%d %H:%M:%S}: {formats.plain(row['detail'])}")
            st.code(_pretty(row["span"]), language="json", wrap_lines=True, height=240)


@st.fragment(parallel=True)
def _reporters(source: Source, shown: Window) -> None:
    with guarded(160):
        found = asked.reporters(source, shown.start, shown.end)
        if not found:
            st.markdown("No call was reported in this range.")
            return
        number = st.column_config.NumberColumn
        st.dataframe(
            [
                {
                    "Software": each.source,
                    "Calls that count": each.counted_calls,
                    "Also counted by another": each.duplicates,
                    "Of its reports": each.duplicate_share * 100,
                    "Recognised by": _matched(each.matched_by),
                    "Cost": each.cost_usd,
                    "Claimed": each.claimed_usd,
                    "Ledger less claim": each.difference_usd,
                }
                for each in found
            ],
            key="reporters",
            hide_index=True,
            height="content",
            placeholder="—",
            column_config={
                "Calls that count": number(format="localized"),
                "Also counted by another": number(
                    format="localized", help="Kept as evidence, in no sum"
                ),
                "Of its reports": number(format=_PERCENT),
                "Cost": number("Cost (USD)", format="$%,.2f", help="By the ledger's own prices"),
                "Claimed": number("Claimed (USD)", format="$%,.2f", help="By the sender"),
                "Ledger less claim": number(
                    "Ledger less claim (USD)",
                    format="%+,.4f",
                    help="Of calls that came with a claim",
                ),
            },
            alt="Which software reports calls, and how many of its reports count",
        )


@st.fragment(parallel=True)
def _doubts(source: Source, shown: Window) -> None:
    with guarded(160):
        found = asked.doubts(source, shown.start, shown.end)
        if not found:
            st.markdown(":green[:material/check_circle: Every cost is known exactly.]")
            return
        st.dataframe(
            [
                {
                    "Software": each.source,
                    "Why": reasons.explained(each.cost_reason),
                    "So the cost is": each.cost_status,
                    "Calls": each.calls,
                    "Of its calls": each.source_share * 100,
                }
                for each in found
            ],
            key="doubts",
            hide_index=True,
            height="content" if len(found) <= 10 else 390,
            column_config={
                "Why": st.column_config.TextColumn(width="large"),
                "Calls": st.column_config.NumberColumn(format="localized"),
                "Of its calls": st.column_config.NumberColumn(format=_PERCENT),
            },
            alt="Why costs are estimated or unknown, by software",
        )
        st.caption("A call may have several reasons and is then in several rows.")


def _matched(counts: str | None) -> str | None:
    """How reports were known to be of the same call: `{"message_id": 3}` in words."""
    told = json.loads(counts) if counts else {}
    return ", ".join(f"{name.replace('_', ' ')} ({n:,})" for name, n in told.items()) or None


def _pretty(span: str) -> str:
    try:
        return json.dumps(json.loads(span), indent=2, ensure_ascii=False)
    except ValueError:
        return span


def _local(moment: Any, shown: Window) -> datetime:
    aware = instant(moment)
    if aware is None:
        message = "an answer without its time"
        raise TypeError(message)
    return aware.astimezone(shown.zone).replace(tzinfo=None)


def _time_column(shown: Window) -> Any:
    zone = formats.zone_name(shown.zone, shown.until)
    return st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", help=zone)
