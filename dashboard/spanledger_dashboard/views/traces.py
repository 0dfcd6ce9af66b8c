"""Traces & sessions: what single runs cost, down to the call; the one looked at is in the URL."""

import streamlit as st

from spanledger_dashboard import address, places
from spanledger_dashboard.cards.run_pages import list_page, session_page, trace_page

address.arrive()
asked = st.session_state
at = places.moment(asked["at"])

if asked["trace"]:
    trace_page(asked["trace"], at, asked["call"])
elif asked["session"]:
    session_page(asked["session"], at)
else:
    list_page()
