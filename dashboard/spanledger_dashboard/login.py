"""Who is there, and may they in: the gate before every page.

The provider vouches for an address; the allow-list says who may in. An answer counts for some
hours, whatever the cookie's life, and is looked at again while a page renews itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Literal

import streamlit as st

from spanledger_dashboard.formats import plain
from spanledger_dashboard.settings import DashboardSettings, Login

__all__ = ["Verdict", "gate", "out", "still_in", "verdict"]

Verdict = Literal["in", "unknown", "expired", "unverified", "refused"]

_AHEAD_S = 300


def verdict(user: Mapping[str, Any], login: Login, now: datetime) -> Verdict:
    """Whether this answer of the provider lets somebody in; pure."""
    if user.get("is_logged_in") is not True:
        return "unknown"
    issued = user.get("iat")
    if not isinstance(issued, int | float) or isinstance(issued, bool):
        return "expired"
    age_s = now.timestamp() - issued
    if not -_AHEAD_S <= age_s < login.hours * 3600:
        return "expired"
    email = user.get("email")
    if not isinstance(email, str) or email.count("@") != 1:
        return "refused"
    if user.get("email_verified") is not True and not login.unverified:
        return "unverified"
    address = email.lower()
    allowed = {address, address[address.index("@") :]} & set(login.allow)
    return "in" if allowed else "refused"


def gate(settings: DashboardSettings) -> None:
    """Go on only if there is no login, or somebody who may in; otherwise say what to do."""
    login = settings.login
    if login is None:
        return
    found = _present(login)
    if found == "in":
        return
    with st.container(border=True, width=460):
        st.subheader(":material/lock: SpanLedger", anchor=False)
        if found in {"unknown", "expired"}:
            again = "Your login has run out." if found == "expired" else ""
            st.markdown(f"{again} Log in to see what the Claude API costs.")
            st.button("Log in", type="primary", icon=":material/login:", on_click=st.login)
        else:
            who = plain(str(st.user.get("email") or "This account"))
            why = (
                "its provider does not call the address verified"
                if found == "unverified"
                else "it is not on the list of those who may in"
            )
            st.markdown(f"**{who}** cannot be let in: {why}.")
            st.caption("The list is `dashboard.login_allow`; ask whoever runs this dashboard.")
            st.button("Log out", icon=":material/logout:", on_click=st.logout)
    st.stop()


def still_in(settings: DashboardSettings) -> bool:
    """Whether the one who is there may still see what renews itself."""
    return settings.login is None or _present(settings.login) == "in"


def out(settings: DashboardSettings) -> None:
    """Who is logged in, and the way out."""
    if settings.login is not None:
        st.caption(plain(str(st.user.get("email"))))
        st.button("Log out", icon=":material/logout:", on_click=st.logout)


def _present(login: Login) -> Verdict:
    return verdict(st.user.to_dict(), login, datetime.now(timezone.utc))
