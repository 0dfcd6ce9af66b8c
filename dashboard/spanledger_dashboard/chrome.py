"""What stands on every page: the way to the others, demo banner, title, freshness, time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any
from zoneinfo import available_timezones

import streamlit as st

from spanledger_dashboard import address, data, formats, links, login
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["demo_banner", "header", "sidebar"]

_SILENT_AFTER = timedelta(minutes=15)


def sidebar(sections: Mapping[str, Sequence[Any]], settings: DashboardSettings) -> None:
    """The pages, as links that keep time range, zone and filters; and the zone to choose.

    Streamlit's own navigation would forget what is chosen with every step to another page.
    """
    carried = links.carried(address.params())
    with st.sidebar:
        for title, pages in sections.items():
            st.caption(title)
            with st.container(gap="xxsmall"):
                for page in pages:
                    st.page_link(page, query_params=carried, width="stretch")
        _saved_views(settings)
        st.selectbox(
            "Time zone",
            _zones(),
            index=None,
            placeholder=formats.zone_name(settings.zone, datetime.now(timezone.utc)),
            **address.control(links.ZONE),
        )
        login.out(settings)


def _saved_views(settings: DashboardSettings) -> None:
    """The team's own links: they say all of the view, so nothing is carried along."""
    if not settings.views:
        return
    st.caption("Saved views")
    with st.container(gap="xxsmall"):
        for view in settings.views:
            st.page_link(
                f"views/{view.page}.py",
                label=formats.plain(view.name),
                icon=":material/bookmark:",
                query_params=[(name, value) for name, values in view.query for value in values],
                width="stretch",
            )


@cache
def _zones() -> list[str]:
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def demo_banner() -> None:
    """Says on every page that nothing here was billed by anyone."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge("Demo data", icon=":material/science:", color="violet")
        st.caption(
            "Made by a local simulator of the Claude API. Nobody is billed.", width="content"
        )


def header(title: str, settings: DashboardSettings) -> None:
    """The page's name, and how fresh and in which time zone its numbers are."""
    with st.container(gap=None):
        st.title(title, anchor=False)
        _freshness(settings)


@st.fragment(run_every=2)
def _freshness(settings: DashboardSettings) -> None:
    if not login.still_in(settings):
        st.rerun()
    now = datetime.now(timezone.utc)
    local = now.astimezone(settings.zone)
    where = formats.plain(formats.zone_name(settings.zone, now))
    words = f"{formats.day(local)}, {local:%H:%M:%S} · {where}"
    st.markdown(f":small[{_last_call(settings, now)} · :gray[{words}]]")


def _last_call(settings: DashboardSettings, now: datetime) -> str:
    try:
        newest = data.health(settings.source).newest_call
    except CollectorProblem as failure:
        return f":red[:material/cloud_off: {failure.title}]"
    if newest is None:
        return ":gray[:material/sensors_off: No call yet]"
    age = now - newest
    words = f":material/sensors: Last call {formats.ago(age)}"
    return f":orange[{words}]" if age > _SILENT_AFTER else f":green[{words}]"
