"""The entry script: page set-up, navigation, and the states in which no page can be shown."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from spanledger_dashboard import address, chrome, data, states
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import UnknownTimeZone

_MARK = str(Path(__file__).with_name("assets") / "mark.svg")

st.set_page_config(
    page_title="SpanLedger", page_icon=_MARK, layout="wide", initial_sidebar_state=230
)
st.logo(_MARK, size="large")

# A page more is a line here, a script in views/, and, where it lets one choose more than time, zone
# and filters, an entry in links.PAGES.
sections = {
    "Spend": [
        st.Page("views/overview.py", title="Overview", icon=":material/space_dashboard:"),
        st.Page("views/explorer.py", title="Cost explorer", icon=":material/query_stats:"),
    ],
    "Control": [
        st.Page("views/prices.py", title="Prices", icon=":material/sell:"),
    ],
}
page = st.navigation(sections, position="hidden")
address.restore(page.url_path)

try:
    settings = address.settings()
except UnknownTimeZone as error:
    st.error(str(error), icon=":material/public_off:")
    st.stop()

chrome.sidebar(sections, settings)
if settings.demo:
    chrome.demo_banner()

try:
    ledger_is_empty = data.health(settings.source).calls == 0
except CollectorProblem as failure:
    chrome.header(page.title, settings)
    states.problem(failure, settings)
    st.stop()

chrome.header(page.title, settings)
if ledger_is_empty:
    states.empty_ledger(settings)
    st.stop()

page.run()
