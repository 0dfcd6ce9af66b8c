"""Is the ledger alive, what is to be done, what does it hold: parts of the Health page."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from spanledger_dashboard import data, formats
from spanledger_dashboard.cards.card import card, escaped, guarded, metric
from spanledger_dashboard.data import ledger as asked
from spanledger_dashboard.findings import Finding, Level, State, findings
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window, window

__all__ = ["freshness", "ledger", "to_do"]

_LIVE_S = 5
_CHECKED_S = 30  # reads the calls of a week
_SIGNS: dict[Level, tuple[str, str]] = {
    "bad": ("red", "error"),
    "warn": ("orange", "warning"),
    "note": ("gray", "info"),
}


def freshness(source: Source, zone: ZoneInfo) -> None:
    """What is live: readiness, lag, what arrived and what was refused."""
    st.fragment(_freshness, run_every=_LIVE_S)(source, zone)


def to_do(source: Source, zone: ZoneInfo) -> None:
    """What is the matter and what to do about it."""
    with card("What to do", "Checked against the last 7 days, the worst first"):
        st.fragment(_to_do, run_every=_CHECKED_S)(source, zone)


def ledger(source: Source, shown: Window) -> None:
    """How much the ledger holds, for how long, and by which versions."""
    with card("The ledger", "Its size, what it keeps, and its versions"), guarded(200):
        state = asked.state(source)
        first = state.first_call and state.first_call.astimezone(shown.zone)
        keeping = (state.calls_keep_days, state.spans_keep_days, state.alerts_keep_days)
        kept = "calls {}, other spans {}, alerts that are over {}, hourly sums for good".format(
            *map(_days, keeping)
        )
        facts = {
            "Calls": f"{state.calls:,}, since {formats.day(first, year=True)}" if first else "0",
            "Other spans": f"{state.spans:,}",
            "Refused spans kept": f"{state.quarantined:,}",
            "Database": f"{formats.size(state.database_bytes)}{_room(state)}",
            "Kept": kept,
            "Price book": state.prices_version,
            "Schema": f"version {state.schema_version}",
            "Collector": state.collector_version,
        }
        lines = "\n".join(f"| {name} | {formats.plain(text)} |" for name, text in facts.items())
        st.markdown(f"| Fact | Value |\n|---|---|\n{lines}\n| Address | `{source.url}` |")


def _freshness(source: Source, zone: ZoneInfo) -> None:
    with guarded(150):
        state = asked.state(source)
        with grid(4, min_column_width=210):
            metric(
                "Collector",
                "ready" if state.ready else "not ready",
                None,
                "the last commit succeeded" if state.ready else "the last commit failed",
                note="`/readyz` says the same to a load balancer.",
            )
            metric(
                "From a call's end to its arrival",
                formats.UNKNOWN if state.delivery_lag_s is None else _lag(state.delivery_lag_s),
                None,
                _arrived(state),
                note="Half of the calls of the last 15 minutes came faster.",
            )
            metric(
                "Received since the start",
                formats.quantity(state.received),
                None,
                f"{formats.quantity(state.duplicates)} had been counted already",
                note="Reports of calls since the collector started. What was delivered twice or "
                "reported by two instrumentations counts once.",
            )
            metric(
                "Refused in 24 hours",
                formats.quantity(state.quarantined_last_day),
                None,
                f"{formats.quantity(state.refused)} since the start",
                note="Spans that cannot be: the good ones beside them are stored.",
            )
        at = state.at.astimezone(zone)
        where = formats.plain(formats.zone_name(zone, at))
        st.caption(
            f"As of {at:%H:%M:%S}, {where}. Hourly sums: "
            f"{formats.count(state.rollup_lag_batches, 'batch', 'batches')} behind (answers count "
            "those, too)."
        )


def _lag(seconds: float) -> str:
    if seconds < 3600:
        return formats.duration(int(seconds * 1e9))
    return formats.lasting(timedelta(seconds=seconds))


def _arrived(state: State) -> str:
    if state.newest_received is None:
        return "no call yet"
    return f"last arrival {formats.ago(state.at - state.newest_received)}"


def _to_do(source: Source, zone: ZoneInfo) -> None:
    with guarded(120):
        week = window("7d", datetime.now(zone), zone)
        counts = ("calls", "unpriced_calls", "estimated_calls")
        totals = data.usage(source, week.start, None, zone.key, measures=counts).total()
        found = findings(
            asked.state(source),
            asked.reporters(source, week.start, None),
            totals.unpriced_calls,
            totals.estimated_calls,
            totals.calls,
        )
        if not found:
            st.markdown(":green[:material/check_circle: Nothing. Calls arrive, and all is stored.]")
        for finding in found:
            _finding(finding)


def _finding(finding: Finding) -> None:
    color, icon = _SIGNS[finding.level]
    what = formats.plain(finding.what)
    st.markdown(f":{color}[:material/{icon}: **{what}.**] {escaped(finding.advice)}")


def _room(state: State) -> str:
    return (
        "" if state.free_bytes is None else f", {formats.size(state.free_bytes)} left on its disk"
    )


def _days(days: int | None) -> str:
    return "for as long as it is set to" if days is None else formats.count(days, "day")
