"""Links from one page to another that keep time range, zone and filters."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from spanledger_dashboard import address, links

__all__ = ["way"]

_VIEWS = Path(__file__).with_name("views")
_ICONS = {"explorer": "query_stats", "traces": "account_tree", "alerts": "notifications"}


def way(page: str, label: str, **chosen: str | list[str]) -> None:
    """A link to a page with what is chosen here, and with these choices beside or instead.

    Args:
        page: the name of its script in `views/`.
        label: the words to click, as Markdown.
        chosen: values of controls by their names in links.
    """
    script = _VIEWS / f"{page}.py"
    if script.exists():
        st.page_link(
            script,
            label=label,
            icon=f":material/{_ICONS.get(page, 'arrow_forward')}:",
            query_params=links.carried(address.params()) | chosen,
        )
