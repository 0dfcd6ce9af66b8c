"""What fires now, and one alert in full, with what a person can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

import streamlit as st

from spanledger_dashboard import address, alert_words, formats, links, places
from spanledger_dashboard.alerting import Alert, Rule, families
from spanledger_dashboard.cards.card import card, guarded, metric
from spanledger_dashboard.data import alerts as asked
from spanledger_dashboard.layout import grid
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.states import nothing_here

__all__ = ["alert_page", "fires_now"]

PAGE, TRACES, EXPLORER = "views/alerts.py", "views/traces.py", "views/explorer.py"
_BADGES: Mapping[str, Literal["red", "orange", "blue"]] = MappingProxyType(
    {"critical": "red", "warning": "orange", "info": "blue"}
)
_ICONS = {"critical": ":material/error:", "warning": ":material/warning:"}
_SNOOZES = {1: "1 hour", 4: "4 hours", 24: "a day", 72: "3 days", 168: "a week"}
_FEEDBACK = {"real": "It was real", "expected": "It was expected", "planned": "It was planned"}
_FAILED = "alert_failed"
_WEEK = timedelta(days=7)


@st.fragment(run_every=10)
def fires_now(settings: DashboardSettings) -> None:
    """The open alerts, each with its numbers, its driver and its buttons."""
    now = datetime.now(settings.zone)
    with guarded(height=160):
        # A whole minute keys the cache for as long as the answer may be kept.
        start = now.replace(second=0, microsecond=0) - _WEEK
        known = asked.alerts(settings.source, start, None)
        rules = asked.rules(settings.source)
        budgets = sum(rule.kind == "budget" for rule in rules)
        fired = [each for each in known if each.fired_at is not None]
        now_open = [each for each in fired if each.is_open]
        _numbers(now_open, fired, len(rules) - budgets, budgets)
        _failure()
        known_well = not _troubles(rules)
        if not now_open and known_well:
            _quiet(fired, rules_in_force=len(rules), now=now)
        for alert, parts in families(now_open):
            _card(settings, alert, parts, now)
        pending = [each for each in known if each.state == "pending"]
        for alert in pending:
            st.caption(
                f":material/hourglass_top: {formats.plain(alert_words.headline(alert))} looks bad"
                " since the last judgement; it fires if the next one says so, too."
            )


def alert_page(settings: DashboardSettings, alert_id: str) -> None:
    """One alert: numbers, message, drivers, example traces, history and buttons."""
    st.page_link(
        PAGE,
        label="All alerts",
        icon=":material/arrow_back:",
        query_params=address.within(links.carried(address.params())),
    )
    now = datetime.now(settings.zone)
    with guarded(height=320):
        alert = asked.alert(settings.source, alert_id)
        if alert is None:
            nothing_here(f"There is no alert with the id {formats.plain(alert_id[:80])}.")
            return
        _failure()
        _title(alert, now)
        _compared(alert)
        _buttons(settings, alert)
        _judged(settings, alert)
        _drivers(alert)
        _look(settings, alert)
        _message(alert)
        _history(settings, alert)


def _numbers(now_open: Sequence[Alert], fired: Sequence[Alert], rules: int, budgets: int) -> None:
    # Not their sum: a cap, a spike and a cache that fails may tell of the same dollars.
    tell = (alert for alert, _ in families(now_open))
    most = max(tell, key=lambda each: each.excess_usd, default=None)
    unsent = sum(each.unsent for each in fired)
    with grid(4, min_column_width=200):
        metric("Firing now", str(len(now_open)), None, f"{len(fired)} fired in the last 7 days")
        metric(
            "Most beyond the usual (USD)",
            formats.money(most.excess_usd if most else Decimal(0)),
            None,
            alert_words.who(most.dimension, most.value) if most else "nothing fires",
        )
        waiting = "every message was taken" if not unsent else "messages wait to be taken"
        metric("Messages waiting", str(unsent), None, waiting)
        metric("Rules in force", str(rules), None, f"and {formats.count(budgets, 'budget')}")


def _quiet(fired: Sequence[Alert], *, rules_in_force: int, now: datetime) -> None:
    if not rules_in_force:
        st.info(
            "No rule is in force: `alerts.enabled` is off, or `alerts.defaults` is and there are"
            " no rules of your own.",
            icon=":material/notifications_off:",
        )
        return
    last = max((each.resolved_at for each in fired if each.resolved_at), default=None)
    ended = (
        f" The last one ended {alert_words.since(last, now)}."
        if last
        else " None has in the last seven days."
    )
    st.markdown(
        f":green[:material/check_circle: Nothing fires.]{ended} Rules are judged every minute."
    )


def _troubles(rules: Sequence[Rule]) -> bool:
    """Say of which rules nobody knows whether they fire; the alerts shown are older then."""
    troubled = [rule for rule in rules if rule.trouble is not None]
    for trouble in sorted({rule.trouble or "" for rule in troubled}):
        names = [rule.name for rule in troubled if rule.trouble == trouble]
        who = "" if len(names) == len(rules) else f"{', '.join(names)}: "
        st.warning(formats.plain(f"{who}{trouble}"), icon=":material/visibility_off:")
    return bool(troubled)


def _card(settings: DashboardSettings, alert: Alert, parts: Sequence[Alert], now: datetime) -> None:
    with st.container(border=True):
        _title(alert, now)
        words = f"**{formats.plain(alert_words.compared(alert))}**"
        if alert.unit == "usd" and alert.expected is not None and alert.kind != "budget":
            over = alert.state == "recovering"
            beyond = formats.money(alert.peak_usd if over else alert.excess_usd)
            words += f" · {formats.plain(beyond)} beyond" + (" at its peak" if over else "")
        st.markdown(words)
        driver = alert_words.causes(alert)
        if driver:
            st.markdown(f":material/person_search: {formats.plain(driver)}")
        with st.container(horizontal=True, vertical_alignment="center"):
            _details(alert, "Details", ":material/open_in_full:")
            _slice(settings, alert)
            _buttons(settings, alert, bare=True)
        if parts:
            st.caption("Told by this alert, so they send no messages of their own:")
            with st.container(horizontal=True, vertical_alignment="center"):
                for part in parts:
                    _details(
                        part, alert_words.headline(part), ":material/subdirectory_arrow_right:"
                    )


def _details(alert: Alert, label: str, icon: str) -> None:
    st.page_link(
        PAGE,
        label=formats.plain(label),
        icon=icon,
        query_params=address.within({**links.carried(address.params()), "alert": alert.id}),
    )


def _title(alert: Alert, now: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{formats.plain(alert_words.headline(alert))}**", width="content")
        st.badge(
            alert.severity,
            icon=_ICONS.get(alert.severity, ":material/info:"),
            color=_BADGES.get(alert.severity, "gray"),
        )
        st.badge(alert.state, color="gray")
        if alert.acked_at:
            st.badge(f"acknowledged by {formats.plain(alert.acked_by or 'somebody')}", color="blue")
        if alert.snoozed_until and alert.snoozed_until > now:
            until = alert.snoozed_until.astimezone(now.tzinfo)
            st.badge(f"snoozed until {formats.day(until)} {until:%H:%M}", color="violet")
    zone = formats.offset(now)
    words = f"Rule {alert.rule}, since {alert_words.since(alert.bad_since, now)} {zone}"
    if alert.resolved_at:
        words += f", over since {alert_words.since(alert.resolved_at, now)}"
    told = formats.count(alert.told, "message") if alert.told else "no message yet"
    st.caption(f"{formats.plain(words)} · {told}")
    if alert.send_error:
        st.caption(
            f":red[:material/outgoing_mail: Not delivered: {formats.plain(alert.send_error)}]"
        )


def _compared(alert: Alert) -> None:
    seen, expected = alert_words.figure(alert.observed, alert.unit), alert.expected
    times = f"{alert.observed / expected:.1f} times the expected" if expected else "no expectation"
    usual = "nothing" if expected is None else alert_words.figure(expected, alert.unit)
    around = "no range is known"
    if alert.kind in {"cap", "budget"}:
        around = "the limit"
    elif alert.low is not None and alert.high is not None:
        low, high = (alert_words.figure(each, alert.unit) for each in (alert.low, alert.high))
        around = f"{low} to {high} in nine of ten"
    projected = alert.message.get("projection") or {}
    month = projected.get("month_usd")
    with grid(4, min_column_width=200):
        metric(f"Seen{alert_words.within(alert)}", seen, None, times)
        metric("Expected", usual, None, around)
        metric(
            "Beyond (USD)",
            formats.money(alert.excess_usd),
            None,
            f"{formats.money(alert.peak_usd)} at its peak",
        )
        metric(
            "This month, as it goes",
            formats.money(Decimal(month)) if month else formats.UNKNOWN,
            None,
            _left(projected),
        )


def _left(projected: dict[str, Any]) -> str:
    left, whole = projected.get("left_usd"), projected.get("budget_usd")
    if left is None or whole is None:
        return "no budget holds these calls"
    return f"{formats.money(Decimal(left))} of {formats.money(Decimal(whole))} left"


def _buttons(settings: DashboardSettings, alert: Alert, *, bare: bool = False) -> None:
    """Acknowledge, snooze and end; only where it makes sense."""
    if not alert.is_open:
        return
    key = f"{'card' if bare else 'page'}_{alert.id}"
    snoozed = alert.snoozed_until and alert.snoozed_until > datetime.now(settings.zone)
    row = st.container(horizontal=True, vertical_alignment="center", width="content")
    with row:
        acked = alert.acked_at is not None
        st.button(
            "Take back acknowledgement" if acked else "Acknowledge",
            icon=":material/undo:" if acked else ":material/check:",
            key=f"ack_{key}",
            on_click=_act,
            args=(settings, alert.id, "unack" if acked else "ack", {}),
            help="Stops reminders; growth is still told.",
        )
        if snoozed:
            st.button(
                "End snooze",
                icon=":material/notifications_active:",
                key=f"unsnooze_{key}",
                on_click=_act,
                args=(settings, alert.id, "unsnooze", {}),
            )
        else:
            with st.popover("Snooze", icon=":material/snooze:", help="Tells nothing for so long."):
                for hours, words in _SNOOZES.items():
                    st.button(
                        f"For {words}",
                        key=f"snooze_{hours}_{key}",
                        on_click=_act,
                        args=(settings, alert.id, "snooze", {"hours": hours}),
                        width="stretch",
                    )
        if not bare:
            st.button(
                "Resolve",
                icon=":material/task_alt:",
                key=f"resolve_{key}",
                on_click=_act,
                args=(settings, alert.id, "resolve", {}),
                help="Ends it: the same trouble fires anew only after it was good, or doubled.",
            )


def _judged(settings: DashboardSettings, alert: Alert) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        said = _FEEDBACK.get(alert.feedback or "", "What was it")
        st.caption(
            f"{said}{'.' if alert.feedback else '?'} What was expected is an example of what is"
            " usual, what was real or planned is none."
        )
        for feedback, words in _FEEDBACK.items():
            if feedback != alert.feedback:
                st.button(
                    words,
                    key=f"{feedback}_{alert.id}",
                    on_click=_act,
                    args=(settings, alert.id, "feedback", {"feedback": feedback}),
                )


def _act(settings: DashboardSettings, alert_id: str, action: str, fields: dict[str, Any]) -> None:
    actor = getattr(st.user, "email", None) if getattr(st.user, "is_logged_in", False) else None
    try:
        asked.act(settings.source, alert_id, action, {**fields, "actor": actor or "dashboard"})
    except CollectorProblem as failure:
        st.session_state[_FAILED] = f"Nothing changed. {failure.title}: {failure.detail}"


def _failure() -> None:
    failed = st.session_state.pop(_FAILED, None)
    if failed:
        st.error(formats.plain(failed), icon=":material/error:")


def _drivers(alert: Alert) -> None:
    rows = alert_words.drivers(alert)
    if not rows:
        return
    money = st.column_config.NumberColumn(format="dollar")
    with card("What drives it", "The difference to a week before, in USD, and its causes"):
        st.dataframe(
            rows,
            hide_index=True,
            placeholder="—",
            column_config={
                name: st.column_config.NumberColumn(format="%.0f%%") if name == "Share" else money
                for name in rows[0]
                if name != "Who"
            },
            alt="Who makes up how much of the difference, by volume, tokens, price and cache",
        )


def _look(settings: DashboardSettings, alert: Alert) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        _slice(settings, alert)
        for trace in alert.message.get("traces") or []:
            if places.is_trace_id(str(trace)):
                st.page_link(
                    TRACES,
                    label=f"Trace {trace[:8]}",
                    icon=":material/account_tree:",
                    query_params=places.to_trace(address.params(), trace, alert.window_end),
                )


def _slice(settings: DashboardSettings, alert: Alert) -> None:
    kept = {
        name: value for name, value in links.carried(address.params()).items() if name == links.ZONE
    }
    st.page_link(
        EXPLORER,
        label="These calls in the explorer",
        icon=":material/query_stats:",
        query_params={
            **kept,
            **alert_words.slice_link(alert, _only(settings, alert)),
        },
    )


def _only(settings: DashboardSettings, alert: Alert) -> Mapping[str, Sequence[str]]:
    """Which calls the alert's rule or budget counts."""
    rules = asked.rules(settings.source)
    return next((each.only for each in rules if each.name == alert.rule), {})


def _message(alert: Alert) -> None:
    text = alert.message.get("text")
    if text:
        with card("The last message", "As channels got it; names are shown as text"):
            st.code(f"{alert.title or ''}\n{text}".strip(), language=None, wrap_lines=True)


def _history(settings: DashboardSettings, alert: Alert) -> None:
    events = asked.events(settings.source, None, None, alert.id)
    where = formats.plain(formats.zone_name(settings.zone, alert.pending_since))
    with card("Its history", f"Newest first: what happened, and who did it. Times in {where}"):
        st.dataframe(
            [
                {
                    "When": _local(event.at, settings),
                    "What": alert_words.event_words(event),
                    "Beyond (USD)": float(event.excess_usd),
                }
                for event in events
            ],
            hide_index=True,
            column_config={"Beyond (USD)": st.column_config.NumberColumn(format="dollar")},
            alt="Every change of the alert with its time and who did it",
        )


def _local(moment: datetime, settings: DashboardSettings) -> str:
    local = moment.astimezone(settings.zone)
    return f"{formats.day(local)} {local:%H:%M:%S}"
