"""The control of the time range: a preset, two days and all between them, or two instants."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from spanledger_dashboard import address, ends, formats
from spanledger_dashboard.ends import BadWindow, End
from spanledger_dashboard.links import DAYS
from spanledger_dashboard.windows import DEFAULT_RANGE, RANGES, Exact, Window, window

__all__ = ["choose_window"]

_LABELS = dict(zip(DAYS, ("From", "To"), strict=True))
_MINUTE = timedelta(minutes=1)


def choose_window(now: datetime, zone: ZoneInfo, bar: DeltaGenerator | None = None) -> Window:
    """The time range as the address has it.

    Args:
        now: what counts as now.
        zone: the zone of days and clocks.
        bar: where the choice of ranges goes; what a custom one needs is below it.
    """
    with bar or st.container():
        name = st.segmented_control(
            "Time range",
            tuple(RANGES),
            format_func=RANGES.__getitem__,
            required=True,
            **address.control("range"),
        )
    if name != "custom":
        return window(name or DEFAULT_RANGE, now, zone)
    first, last = (st.session_state[name] for name in DAYS)
    if isinstance(first, str) or isinstance(last, str):
        return window("custom", now, zone, _instants(first, last, now, zone))
    return window("custom", now, zone, _days(now, zone))


def _days(now: datetime, zone: ZoneInfo) -> tuple[date, date] | None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first, last = (
            st.date_input(
                f"{_LABELS[name]} (day)",
                value=None,
                format="YYYY-MM-DD",
                width=180,
                **address.control(name),
            )
            for name in DAYS
        )
        if first and last:
            begin, end = ends.instants(min(first, last), max(first, last), zone)
            st.button(
                "Times",
                icon=":material/schedule:",
                help="From one time of day to another",
                on_click=_choose,
                args=(ends.written(begin), ends.written(min(end, max(now, begin + _MINUTE)))),
            )
            return first, last
    st.caption(f"Choose the first and the last day. Until then: {RANGES[DEFAULT_RANGE].lower()}.")
    return None


def _instants(first: End, last: End, now: datetime, zone: ZoneInfo) -> Exact | None:
    try:
        asked = ends.instants(first, last, zone)
    except BadWindow as wrong:
        st.warning(
            f"The time range of this link cannot be read: {formats.plain(str(wrong))}. "
            f"Below are the last {RANGES[DEFAULT_RANGE]}; choose days or mend the link.",
            icon=":material/link_off:",
        )
        st.button("Choose days", on_click=_choose, args=(None, None))
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, moment in zip(DAYS, asked, strict=True):
            _clock(name, moment, zone)
        st.button(
            "Wider",
            icon=":material/zoom_out_map:",
            help="As much time again before and after",
            on_click=_choose,
            args=tuple(ends.written(moment) for moment in asked.wider()),
        )
        begin, end = (moment.astimezone(zone) for moment in asked)
        st.button(
            "Whole days",
            icon=":material/calendar_today:",
            help="From midnight to midnight",
            on_click=_choose,
            args=(begin.date(), (end - timedelta(microseconds=1)).date()),
        )
    if begin > now:
        st.caption("This time lies ahead: there are no calls yet.")
    elif begin.second or end.second:
        st.caption(f"To the second: {window('custom', now, zone, asked).describe()}.")
    return asked


def _clock(name: str, moment: datetime, zone: ZoneInfo) -> None:
    """A field for an end, by the clock of the page's zone; seconds are kept until it is changed."""
    told = moment.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
    st.datetime_input(
        f"{_LABELS[name]}, {formats.plain(formats.zone_name(zone, moment))}",
        value=None,
        format="YYYY-MM-DD",
        step=_MINUTE,
        width=250,
        **address.control(name, told, partial(_instant, zone)),
    )


def _instant(zone: ZoneInfo, told: datetime | None) -> str | None:
    return ends.written(told.replace(tzinfo=zone)) if told else None


def _choose(first: End, last: End) -> None:
    address.choose(**dict(zip(DAYS, (first, last), strict=True)))
