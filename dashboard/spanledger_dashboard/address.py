"""Keeps a page's controls in step with its address.

Streamlit's own binding of a widget to the address replaces the history entry, so that "back" would
leave the page. Here every choice is an entry: the address is written when a control changes, and
read when it differs from what was written, which is when a link was opened or history moved.

A control is a widget with what `control` gives it. It is never set: where the address has another
value than the widget was made with, another widget takes its place. A browser reports all widgets
with every question, and a slow one has not heard yet what was set meanwhile: what it says of a
widget that is no longer there is nobody's choice.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple, TypedDict
from zoneinfo import ZoneInfo

import streamlit as st

from spanledger_dashboard.links import ZONE, View, as_params, as_view, controls_of
from spanledger_dashboard.settings import DashboardSettings, from_environment

__all__ = [
    "Control",
    "arrive",
    "choose",
    "control",
    "page",
    "params",
    "restore",
    "settings",
    "within",
]

_SEEN, _PAGE, _MADE = "address_seen", "address_page", "address_widgets"
_VIA, _TAKEN, _MOST_TAKEN = "via", "address_taken", 100


class Control(TypedDict):
    """What makes a widget a control."""

    key: str
    on_change: Callable[..., None]
    args: tuple[Any, ...]


class _Made(NamedTuple):
    """The widget that a control is at the moment."""

    number: int
    says: object


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


def control(
    name: str, says: object = None, means: Callable[[Any], Any] | None = None, **also: None
) -> Control:
    """What makes a widget the control of that name.

    Args:
        name: its name in links.
        says: what the widget shows, where that is not the value itself.
        means: the value of what is chosen in it, likewise; None if that is no choice.
        also: what is chosen with it.
    """
    state = st.session_state
    shown = state[name] if says is None else says
    made: dict[str, _Made] = state.setdefault(_MADE, {})
    last = made.get(name, _Made(0, ...))
    if last.says != shown:
        made[name] = _Made(last.number + 1, shown)
    key = _key(name)
    if key not in state:
        state[key] = shown
    return Control(key=key, on_change=_chosen, args=(name, key, means, also))


def _key(name: str) -> str:
    return f"{page()}/{name}/{st.session_state[_MADE][name].number}"


def _chosen(
    name: str, key: str, means: Callable[[Any], Any] | None, also: Mapping[str, None]
) -> None:
    if key != _key(name):  # a report from before the control was set
        return
    made, said = st.session_state[_MADE], st.session_state[key]
    made[name] = made[name]._replace(says=said)
    value = means(said) if means else said
    if value is not None or not means:
        choose(**{name: value}, **also)


def _remember() -> None:
    """Make the present choices an entry of the browser's history."""
    controls = controls_of(st.session_state[_PAGE])
    view: View = {name: st.session_state.get(name) for name in controls.names}
    st.query_params.from_dict(as_params(view, controls))
    st.session_state[_SEEN] = params()


def choose(**chosen: str | date | list[str] | None) -> None:
    """Choose as if a control had been used; for callbacks."""
    st.session_state.update(chosen)
    _remember()


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
        _remember()
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
