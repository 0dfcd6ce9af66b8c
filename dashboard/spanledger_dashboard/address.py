"""Keeps a page's controls in step with its address.

Streamlit's own binding of a widget to the address replaces the history entry, so that "back" would
leave the page. Here every choice is an entry: the address is written when a control changes, and
read when it differs from what was written, which is when a link was opened or history moved.

A control is a widget whose `key` is its name in links and whose `on_change` is `remember`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import streamlit as st

from spanledger_dashboard.links import ZONE, View, as_params, as_view, controls_of
from spanledger_dashboard.settings import DashboardSettings, from_environment

__all__ = ["arrive", "choose", "page", "params", "remember", "restore", "settings", "within"]

_SEEN, _PAGE = "address_seen", "address_page"
_VIA, _TAKEN, _MOST_TAKEN = "via", "address_taken", 100


def restore(page: str) -> None:
    """Set the controls to what the address says, if it is not what they wrote there.

    Args:
        page: the page's name in the address.
    """
    state, controls = st.session_state, controls_of(page)
    held = state.get(_PAGE) == page and all(name in state for name in controls.names)
    address = params()
    if held and state.get(_SEEN) == address:
        return
    state.update(as_view(address, controls))
    state[_SEEN], state[_PAGE] = address, page


def remember() -> None:
    """Make the present choices an entry of the browser's history."""
    controls = controls_of(st.session_state[_PAGE])
    view: View = {name: st.session_state.get(name) for name in controls.names}
    st.query_params.from_dict(as_params(view, controls))
    st.session_state[_SEEN] = params()


def choose(**chosen: str | date | list[str] | None) -> None:
    """Choose as if a control had been used; for callbacks."""
    st.session_state.update(chosen)
    remember()


def within(link: Mapping[str, str | Sequence[str]]) -> dict[str, str | Sequence[str]]:
    """The same link, for a page that leads to itself; such a page begins with `arrive`.

    Streamlit runs the page with the link's parameters and leaves the browser's address as it was.
    The token, new for each link, tells such a step from "back", which must not become another one.
    """
    return {**link, _VIA: secrets.token_hex(4)}


def arrive() -> None:
    """Make a step that was taken by `within` an entry of the browser's history."""
    token, taken = st.query_params.get(_VIA), st.session_state.get(_TAKEN)
    if token and taken is not None and token not in taken:
        remember()
    st.session_state[_TAKEN] = [*(taken or ()), token][-_MOST_TAKEN:]


def page() -> str | None:
    """The name in the address of the page that is shown."""
    name: str | None = st.session_state.get(_PAGE)
    return name


def params() -> dict[str, list[str]]:
    """The address as it stands."""
    return {name: st.query_params.get_all(name) for name in sorted(st.query_params)}


def settings() -> DashboardSettings:
    """The dashboard's settings, in the time zone that the address asks for.

    Raises:
        UnknownTimeZone: The configured time zone is not known on this machine.
    """
    given = from_environment()
    asked = st.session_state.get(ZONE)
    try:
        return replace(given, zone=ZoneInfo(asked)) if asked else given
    except (KeyError, ValueError, OSError):
        return given
