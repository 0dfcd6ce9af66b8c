"""Links from one page to another that keep time range, zone and filters."""

from __future__ import annotations

import streamlit as st

from spanledger_dashboard import address, links

__all__ = ["way"]

_ICONS = {"explorer": "query_stats", "traces": "account_tree", "alerts": "notifications"}


def way(page: str, label: str, **chosen: str | list[str]) -> None:
    """A link to a page with what is chosen here, and with these choices beside or instead.

    Args:
        page: the name of its script in `views/`.
        label: the words to click, as Markdown.
        chosen: values of controls by their names in links.
    """
    st.page_link(
        f"views/{page}.py",
        label=label,
        icon=f":material/{_ICONS.get(page, 'arrow_forward')}:",
        query_params=links.carried(address.params()) | chosen,
    )
