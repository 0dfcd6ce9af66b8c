"""What a page shows when it has nothing to show, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import streamlit as st

from spanledger_dashboard import address, data
from spanledger_dashboard.formats import plain
from spanledger_dashboard.problems import CollectorDown, CollectorProblem
from spanledger_dashboard.settings import DashboardSettings

__all__ = ["empty_ledger", "in_place", "loading", "nothing_here", "problem", "whole"]

_RETRY_SECONDS = 3
_WHOLE = "whole_page"


@contextmanager
def loading(height: int) -> Iterator[None]:
    """A grey block of so many pixels while a page is drawn for the first time.

    Later what stands there stays until there is something newer: a block above it would push the
    page down and up again, and every list that is open shuts when the page under it moves.
    """
    drawn = st.session_state.get(_WHOLE) == address.page()
    with nullcontext(st.empty()) if drawn else st.skeleton(height=height):
        yield


def whole(page: str | None) -> None:
    """Say which page was drawn to its end; None when there is none any more."""
    st.session_state[_WHOLE] = page


def problem(failure: CollectorProblem, settings: DashboardSettings) -> None:
    """The whole page gives way to what happened, to whom, and what to do next."""
    whole(None)
    icon = ":material/cloud_off:" if isinstance(failure, CollectorDown) else ":material/error:"
    with st.container(border=True):
        st.subheader(f"{icon} {failure.title}", anchor=False)
        st.markdown(f"Address: `{failure.url}`. Reason: {plain(failure.detail)}")
        st.markdown(failure.advice)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Try again", icon=":material/refresh:", type="primary")
            st.caption(f"Tries again by itself every {_RETRY_SECONDS} seconds.", width="content")
    _return_when_answered(settings)


def in_place(failure: CollectorProblem) -> None:
    """One card gives way, the rest of the page stands."""
    st.warning(
        f"**{failure.title}.** {plain(failure.detail)}  \n{failure.advice}",
        icon=":material/warning:",
    )


def empty_ledger(settings: DashboardSettings) -> None:
    """No call has arrived yet: how to send the first one."""
    whole(None)
    endpoint = settings.source.url
    with st.container(border=True):
        st.subheader(":material/hourglass_empty: Waiting for the first call", anchor=False)
        st.markdown(
            "The collector runs and its ledger is empty. Add one line to a service that calls "
            "Claude, before its first call:"
        )
        st.code(
            f'import spanledger; spanledger.instrument(endpoint="{endpoint}")',
            language="python",
            wrap_lines=True,
        )
        if settings.source.token:
            st.markdown("This collector wants its token: set `SPANLEDGER_TOKEN` there, too.")
        st.markdown(
            "Every call made with the `anthropic` SDK then appears here within a few seconds. "
            "This page opens by itself when the first one arrives."
        )
        st.caption(
            "Nothing arrives? `spanledger doctor` checks the way from end to end. "
            "To look around with made-up data, run `spanledger demo`."
        )
    _open_when_filled(settings)


def nothing_here(what: str) -> None:
    """The question was right and the answer is: none."""
    st.info(what, icon=":material/search_off:")


@st.fragment(run_every=_RETRY_SECONDS)
def _return_when_answered(settings: DashboardSettings) -> None:
    try:
        data.health(settings.source)
    except CollectorProblem:
        return
    st.rerun()


@st.fragment(run_every=2)
def _open_when_filled(settings: DashboardSettings) -> None:
    try:
        filled = data.health(settings.source).calls > 0
    except CollectorProblem:
        filled = True  # the page then says what happened
    if filled:
        st.rerun()
