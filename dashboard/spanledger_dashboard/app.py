"""The entry script: page set-up, navigation, and the states in which no page can be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from spanledger_dashboard import address, chrome, data, login, states
from spanledger_dashboard.problems import CollectorProblem
from spanledger_dashboard.settings import UnknownTimeZone

_MARK = str(Path(__file__).with_name("assets") / "mark.svg")

st.set_page_config(
    page_title="SpanLedger", page_icon=_MARK, layout="wide", initial_sidebar_state=230
)
st.logo(_MARK, size="large")

_VIEWS = Path(__file__).with_name("views")


def _pages(**titled: tuple[str, str]) -> list[Any]:
    """The pages of a section: a script in `views/` is its page, with this title and icon."""
    return [
        st.Page(_VIEWS / f"{name}.py", title=title, icon=f":material/{icon}:")
        for name, (title, icon) in titled.items()
    ]


# A page more is a line here and a script in views/ that begins with `here = filters.scope()`: the
# bar with time range and filters, in step with the address. What it lets one choose beside them has
# an entry in links.PAGES; its questions are a module of its own in data/.
sections = {
    "Spend": _pages(
        overview=("Overview", "space_dashboard"),
        explorer=("Cost explorer", "query_stats"),
        traces=("Traces & sessions", "account_tree"),
    ),
    "Behaviour": _pages(
        cache=("Cache", "cached"),
        latency=("Latency & reliability", "speed"),
        headroom=("Headroom", "vertical_align_top"),
    ),
    "Control": _pages(
        alerts=("Budgets & alerts", "notifications"),
        prices=("Prices", "sell"),
        health=("Health", "ecg_heart"),
    ),
}
page = st.navigation(sections, position="hidden")
address.restore(page.url_path)

try:
    settings = address.settings()
except UnknownTimeZone as error:
    st.error(str(error), icon=":material/public_off:")
    st.stop()

login.gate(settings)
chrome.sidebar(sections, settings)
if settings.demo:
    chrome.demo_banner()

chrome.header(page.title, settings)
try:
    ledger_is_empty = data.health(settings.source).calls == 0
except CollectorProblem as failure:
    states.problem(failure, settings)
    st.stop()

if ledger_is_empty and page.url_path != "health":  # which tells what was refused
    states.empty_ledger(settings)
    st.stop()

page.run()
states.whole(page.url_path)
