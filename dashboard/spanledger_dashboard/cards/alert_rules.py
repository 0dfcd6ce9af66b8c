"""The rules in force, and what one would have told: tried on history before it is changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from spanledger_dashboard import alert_words, formats
from spanledger_dashboard.alerting import Rule
from spanledger_dashboard.cards.card import guarded
from spanledger_dashboard.data import alerts as asked
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["rules_and_preview"]

_DAYS = (3, 7, 14, 30)
_FINE_DAYS = (1, 3)
"""For caps, which are replayed every five minutes."""
_TRIED = "rule_tried"


def rules_and_preview(settings: DashboardSettings) -> None:
    """The rules as a table, and a form that replays one."""
    st.subheader("Rules", anchor=False)
    with guarded(height=200):
        rules = asked.rules(settings.source)
        if not rules:
            st.info("No rule is in force.", icon=":material/notifications_off:")
            return
        _table(rules)
        _test(settings, rules)
        if tried := [rule for rule in rules if rule.kind != "budget"]:
            _preview(settings, tried)


def _table(rules: list[Rule]) -> None:
    st.dataframe(
        [
            {
                "Rule": rule.name.removeprefix("budget:"),
                "Fires when": alert_words.KINDS.get(rule.kind, rule.kind),
                "For each": "—" if rule.by == "none" else rule.by,
                "Judged": alert_words.judged(rule),
                "Only": alert_words.only_words(rule.only),
                "Severity": rule.severity,
                "Options": ", ".join(
                    f"{name} {'as learned' if value is None else value}"
                    for name, value in rule.options.items()
                ),
                "Tells": ", ".join(rule.channels) or "nobody",
                "From": "your settings" if rule.own else "SpanLedger",
            }
            for rule in rules
        ],
        hide_index=True,
        height="content",
        alt="Every rule in force with what it watches and whom it tells",
    )
    if any(rule.left_out for rule in rules):
        st.caption("Of very many groups a rule judges those that matter most to it.")
    if not any(rule.channels for rule in rules):
        st.caption(
            ":orange[:material/notifications_paused: No channel is named, so nobody is told but by"
            " this page and `spanledger alerts list`.] `[[alerts.channels]]` names one:"
            " `docs/alerting.md` says how."
        )


def _test(settings: DashboardSettings, rules: list[Rule]) -> None:
    """A button that sends a test message through every channel, and what came of it."""
    channels = {name for rule in rules for name in rule.channels}
    if not channels:
        return
    if not st.button(
        "Send a test message",
        icon=":material/send:",
        key="test_channels",
        help="Through every channel: no alert is made.",
    ):
        return
    try:
        with st.spinner("Sending"):
            tested = asked.test_channels(settings.source)
    except CollectorProblem as failure:
        st.error(f"{failure.title}. {formats.plain(failure.detail)}", icon=":material/error:")
        return
    for each in tested:
        name = formats.plain(each.channel)
        if each.sent:
            st.success(f"{name}: it was taken.", icon=":material/mark_email_read:")
        else:
            st.error(f"{name}: {formats.plain(each.error or '')}", icon=":material/error:")


def _preview(settings: DashboardSettings, rules: list[Rule]) -> None:
    named = {rule.name: rule for rule in rules}
    with st.container(border=True):
        st.markdown("**Try a rule on history**")
        st.caption(
            "Replays a rule over the last days with other values: what it would have told, and"
            " when. Nothing is written and nobody is told."
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.selectbox("Rule", list(named), key="try_rule", width=240)
            days = st.selectbox(
                "Days",
                _FINE_DAYS if named[name].kind == "cap" else _DAYS,
                format_func=lambda number: f"last {number} days",
                key="try_days",
                width=160,
            )
            changed = _options(named[name])
            tried = st.button("Try it", icon=":material/history:", type="primary", key="try_it")
        fields = alert_words.rule_fields(named[name], changed)
        if tried:
            _try(settings, fields, days)
        _result(settings, fields)


def _options(rule: Rule) -> dict[str, Any]:
    """A field for each number of the rule."""
    changed: dict[str, Any] = {}
    for option, value in rule.options.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        whole = isinstance(value, int)
        changed[option] = st.number_input(
            option,
            min_value=0 if whole else 0.0,
            value=value,
            step=1 if whole else None,
            key=f"try_{rule.name}_{option}",
            width=150,
        )
    return changed


def _try(settings: DashboardSettings, fields: Mapping[str, Any], days: int) -> None:
    try:
        with st.spinner("Replaying the rule"):
            told = asked.backtest(settings.source, fields, days)
    except CollectorProblem as failure:
        st.session_state[_TRIED] = None
        st.error(f"{failure.title}. {formats.plain(failure.detail)}", icon=":material/error:")
        return
    st.session_state[_TRIED] = (dict(fields), days, told)


def _result(settings: DashboardSettings, fields: Mapping[str, Any]) -> None:
    held = st.session_state.get(_TRIED)
    if not held or held[0] != dict(fields):
        return
    _, days, told = held
    series = "all calls together" if told.series <= 1 else f"{told.series} groups"
    found = formats.count(len(told.episodes), "alert")
    st.markdown(
        f"In the last {days} days it would have fired **{found}** and sent"
        f" **{formats.count(told.messages, 'message')}**, watching {series}."
    )
    if told.episodes:
        st.dataframe(
            [_row(each, settings) for each in told.episodes],
            hide_index=True,
            placeholder="—",
            column_config={
                "Most beyond (USD)": st.column_config.NumberColumn(format="dollar"),
            },
            alt="Every alert that the rule would have made",
        )
    with st.expander("As it stands in the configuration file", icon=":material/code:"):
        st.code(alert_words.as_toml(fields), language="toml")


def _row(each: Mapping[str, Any], settings: DashboardSettings) -> dict[str, Any]:
    return {
        "Who": alert_words.who(each["dimension"], each["value"]),
        "Fired": _local(each["fired_at"], settings),
        "Over": _local(each["resolved_at"], settings) or "not yet",
        "Severity": each["severity"],
        "Seen last": each["observed"],
        "Expected": each["expected"],
        "Most beyond (USD)": float(each["excess_usd"]),
        "Messages": each["messages"],
    }


def _local(text: str | None, settings: DashboardSettings) -> str | None:
    if text is None:
        return None
    local = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(settings.zone)
    return f"{formats.day(local)} {local:%H:%M}"
