"""What fired in a time range, as bars in time, and every change of it."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from spanledger_dashboard import address, alert_words, charts_alerts, formats, links
from spanledger_dashboard.alerting import Alert, Planned
from spanledger_dashboard.cards.card import card, guarded
from spanledger_dashboard.cards.period import period
from spanledger_dashboard.charts_alerts import Episode
from spanledger_dashboard.data import alerts as asked
from spanledger_dashboard.settings import DashboardSettings
from spanledger_dashboard.states import nothing_here
from spanledger_dashboard.time_range import choose_window
from spanledger_dashboard.windows import Window

__all__ = ["history"]

PAGE = "views/alerts.py"
_MOST_ROWS = 24


def history(settings: DashboardSettings) -> None:
    """The timeline of a range, and the transitions in it."""
    now = datetime.now(settings.zone)
    st.subheader("What happened", anchor=False)
    shown = choose_window(now, settings.zone)
    with guarded(height=280):
        known = asked.alerts(settings.source, shown.start, shown.end)
        fired = [each for each in known if each.fired_at is not None]
        planned = asked.planned(settings.source, shown.start, shown.end)
        if not fired and not planned:
            where = formats.plain(formats.zone_name(shown.zone, now))
            nothing_here(f"No alert fired: {shown.describe()}, {where}.")
        else:
            _timeline(fired, planned, shown)
        _transitions(settings, shown)


def _timeline(fired: list[Alert], planned: list[Planned], shown: Window) -> None:
    newest = sorted(fired, key=lambda each: each.fired_at or each.pending_since, reverse=True)
    with card("Alerts in time", period(shown)):
        drawn = [_planned(each, shown) for each in planned]
        drawn += [_episode(each, shown) for each in newest]
        rows = list(dict.fromkeys(each.row for each in drawn))[:_MOST_ROWS]
        start, end = (moment.replace(tzinfo=None) for moment in (shown.start, shown.until))
        st.altair_chart(
            charts_alerts.episodes_chart([e for e in drawn if e.row in rows], start, end),
            alt=f"{formats.count(len(fired), 'alert')} in time by rule and group, and planned work;"
            " the table below has every change",
        )
        if planned:
            st.caption("Calls of planned work do not fire, and are no example of what is usual.")
        with st.container(horizontal=True):
            for alert in newest[:6]:
                st.page_link(
                    PAGE,
                    label=_label(alert),
                    icon=":material/notifications:",
                    query_params=address.within(
                        {**links.carried(address.params()), "alert": alert.id}
                    ),
                )


def _transitions(settings: DashboardSettings, shown: Window) -> None:
    events = asked.events(settings.source, shown.start, shown.end)
    if not events:
        return
    with card("Every change", f"Newest first. {period(shown)}"):
        st.dataframe(
            [
                {
                    "When": _local(event.at, shown),
                    "Alert": f"{event.rule} · {alert_words.who(event.dimension, event.value)}",
                    "What": alert_words.event_words(event),
                    "Severity": event.severity,
                    "Beyond (USD)": float(event.excess_usd),
                }
                for event in events
            ],
            hide_index=True,
            column_config={"Beyond (USD)": st.column_config.NumberColumn(format="dollar")},
            alt="Every change of an alert with its time, what happened and who did it",
        )


def _episode(alert: Alert, shown: Window) -> Episode:
    began = (alert.fired_at or alert.pending_since).astimezone(shown.zone)
    ended = (alert.resolved_at or shown.until).astimezone(shown.zone)
    until = f"{formats.day(ended)} {ended:%H:%M}" if alert.resolved_at else "now"
    return Episode(
        f"{alert.rule} · {alert_words.who(alert.dimension, alert.value)}",
        began.replace(tzinfo=None),
        max(began, ended).replace(tzinfo=None),
        alert.severity,
        f"{formats.day(began)} {began:%H:%M} to {until}, {alert_words.compared(alert)}",
        alert.is_open,
    )


def _planned(planned: Planned, shown: Window) -> Episode:
    begins, ends = (at.astimezone(shown.zone) for at in (planned.start, planned.end))
    return Episode(
        f"planned · {planned.name}",
        begins.replace(tzinfo=None),
        ends.replace(tzinfo=None),
        "planned",
        f"{formats.day(begins)} {begins:%H:%M} to {formats.day(ends)} {ends:%H:%M},"
        f" {alert_words.only_words(planned.only)}",
        ends > shown.until,
    )


def _label(alert: Alert) -> str:
    return formats.plain(f"{alert.rule} · {alert_words.who(alert.dimension, alert.value)[:40]}")


def _local(moment: datetime, shown: Window) -> str:
    local = moment.astimezone(shown.zone)
    return f"{formats.day(local)} {local:%H:%M:%S}"
