"""What fires and what may be spent; and what a person does about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import streamlit as st

from spanledger_dashboard.alerting import (
    Alert,
    Budget,
    Event,
    Planned,
    Rule,
    Tested,
    Tried,
    families,
)
from spanledger_dashboard.data.asking import ask, between, instant, iso, tell
from spanledger_dashboard.settings import Source

__all__ = [
    "act",
    "alert",
    "alerts",
    "backtest",
    "budgets",
    "events",
    "firing",
    "planned",
    "rules",
    "test_channels",
]

_MOST = 500
_BACKTEST_SECONDS = 120.0
_TEST_SECONDS = 120.0


def alerts(source: Source, start: datetime, end: datetime | None) -> list[Alert]:
    """Alerts that were open in a time range, those that are open first."""
    return [_alert(row) for row in _alerts(source, iso(start), iso(end)).to_pylist()]


def firing(source: Source) -> list[Alert]:
    """Alerts that are open now, the most severe first.

    One that another open one tells already is a part of that one.
    """
    found = [_alert(row) for row in _firing(source).to_pylist()]
    return [alert for alert, _ in families(found)]


def alert(source: Source, alert_id: str) -> Alert | None:
    """One alert; None when there is none with this id."""
    rows = _one(source, alert_id).to_pylist()
    return _alert(rows[0]) if rows else None


def events(
    source: Source, start: datetime | None, end: datetime | None, alert_id: str | None = None
) -> list[Event]:
    """What happened, the newest first."""
    rows = _events(source, iso(start), iso(end), alert_id).to_pylist()
    return [
        Event(
            _moment(row["happened_at"]),
            row["alert_id"],
            row["rule"],
            row["dimension"],
            row["value"],
            row["event"],
            row["severity"],
            row["actor"],
            row["remark"],
            row["excess_usd"],
        )
        for row in rows
    ]


def rules(source: Source) -> list[Rule]:
    """The rules and budgets in force."""
    return [
        Rule(
            row["rule"],
            row["rule_kind"],
            row["dimension"],
            row["severity"],
            json.loads(row["only"]),
            tuple(row["channels"]),
            json.loads(row["options"]),
            row["from_settings"],
            row["judged_groups"],
            row["left_out_groups"],
            row["trouble"],
        )
        for row in _rules(source).to_pylist()
    ]


def budgets(source: Source) -> list[Budget]:
    """The budgets, as of the last judgement."""
    return [
        Budget(
            row["budget"],
            row["period"],
            _moment(row["budget_start"]),
            _moment(row["budget_end"]),
            _moment(row["as_of"]),
            row["budget_usd"],
            row["spent_usd"],
            row["left_usd"],
            row["used_share"],
            row["forecast_usd"],
            instant(row["run_out_at"]),
            tuple(json.loads(row["thresholds"])),
            tuple((name, tuple(values)) for name, values in json.loads(row["only"]).items()),
            row["dimension"],
            row["value"],
        )
        for row in _budgets(source).to_pylist()
    ]


def planned(source: Source, start: datetime, end: datetime | None) -> list[Planned]:
    """Planned work that takes place in a time range, the earliest first."""
    return [
        Planned(
            row["planned"],
            _moment(row["planned_start"]),
            _moment(row["planned_end"]),
            json.loads(row["only"]),
        )
        for row in _planned(source, iso(start), iso(end)).to_pylist()
    ]


def act(source: Source, alert_id: str, action: str, fields: Mapping[str, Any]) -> None:
    """Acknowledge, snooze, resolve or judge an alert.

    Raises:
        CollectorProblem: It refused; nothing changed.
    """
    tell(source, f"alerts/{alert_id}/{action}", fields)
    for cached in (_alerts, _firing, _one, _events):
        cached.clear()


def test_channels(source: Source) -> list[Tested]:
    """Send a test message through every channel.

    Raises:
        CollectorProblem: It refused.
    """
    told = tell(source, "alerts/test", {}, timeout_s=_TEST_SECONDS)
    return [Tested(each["name"], each["sent"], each["error"]) for each in told["channels"]]


def backtest(source: Source, rule: Mapping[str, Any], days: int) -> Tried:
    """Replay a rule over the last days; nothing is written and nobody is told."""
    told = _backtest(source, json.dumps(rule, sort_keys=True), days)
    return Tried(
        told["rule"], _stamp(told["start"]), _stamp(told["end"]), told["series"], told["episodes"]
    )


def _alert(row: Mapping[str, Any]) -> Alert:
    return Alert(
        id=row["alert_id"],
        rule=row["rule"],
        kind=row["rule_kind"],
        dimension=row["dimension"],
        value=row["value"],
        state=row["state"],
        severity=row["severity"],
        pending_since=_moment(row["pending_since"]),
        fired_at=instant(row["fired_at"]),
        resolved_at=instant(row["resolved_at"]),
        bad_since=_moment(row["bad_since"]),
        window_start=_moment(row["window_start"]),
        window_end=_moment(row["window_end"]),
        observed=row["observed"],
        expected=row["expected"],
        low=row["expected_low"],
        high=row["expected_high"],
        unit=row["unit"],
        excess_usd=row["excess_usd"],
        peak_usd=row["peak_usd"],
        told=row["told"],
        acked_at=instant(row["acked_at"]),
        acked_by=row["acked_by"],
        snoozed_until=instant(row["snoozed_until"]),
        snoozed_by=row["snoozed_by"],
        feedback=row["feedback"],
        title=row["title"],
        message=json.loads(row["message"] or "{}"),
        unsent=row["unsent"],
        send_error=row["send_error"],
        parent_id=row["parent_id"],
    )


def _moment(moment: datetime) -> datetime:
    return instant(moment) or moment


def _stamp(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@st.cache_data(ttl=5, max_entries=32, show_spinner=False)
def _alerts(source: Source, start: str, end: str | None) -> pa.Table:
    return ask(source, "alerts", {**between(start, end), "limit": _MOST})


@st.cache_data(ttl=5, max_entries=8, show_spinner=False)
def _firing(source: Source) -> pa.Table:
    return ask(source, "alerts", {"state": ["firing", "recovering"], "limit": _MOST})


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _one(source: Source, alert_id: str) -> pa.Table:
    ever = {"start": "2020-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    return ask(source, "alerts", {**ever, "alert_id": [alert_id]})


@st.cache_data(ttl=5, max_entries=64, show_spinner=False)
def _events(source: Source, start: str | None, end: str | None, alert_id: str | None) -> pa.Table:
    asked: dict[str, Any] = {**between(start or "2020-01-01T00:00:00Z", end), "limit": _MOST}
    return ask(source, "alert_events", asked | ({"alert_id": [alert_id]} if alert_id else {}))


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def _rules(source: Source) -> pa.Table:
    return ask(source, "alert_rules", {})


@st.cache_data(ttl=10, max_entries=8, show_spinner=False)
def _budgets(source: Source) -> pa.Table:
    return ask(source, "budgets", {})


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def _planned(source: Source, start: str, end: str | None) -> pa.Table:
    return ask(source, "planned", between(start, end))


@st.cache_data(ttl=120, max_entries=16, show_spinner=False)
def _backtest(source: Source, rule: str, days: int) -> dict[str, Any]:
    asked = {"rule": json.loads(rule), "days": days}
    return tell(source, "alerts/backtest", asked, timeout_s=_BACKTEST_SECONDS)
