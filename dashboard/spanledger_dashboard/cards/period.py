"""What a page's cards say of their time range, and whether it can be compared."""

from __future__ import annotations

import streamlit as st

from spanledger_dashboard import data, formats
from spanledger_dashboard.data import Filters
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["comparable", "compared_with", "doubt", "period"]


def period(shown: Window, *, steps: bool = False) -> str:
    """The range in words, for the line below a title."""
    zone = formats.plain(formats.zone_name(shown.zone, shown.until))
    partial = ". The last step still runs and is faded" if steps and shown.running else ""
    return f"{shown.label[:1].upper()}{shown.label[1:]}, {zone}{partial}"


def doubt(source: Source, shown: Window, wanted: Filters) -> None:
    """How many calls of the range have no price, and how many an estimated one."""
    wanted_sums = ("requests", "unpriced_calls", "estimated_calls")
    found = data.usage(
        source, shown.start, shown.end, shown.zone.key, filters=wanted, measures=wanted_sums
    ).total()
    words = []
    if found.unpriced_calls:
        verb = "is" if found.unpriced_calls == 1 else "are"
        calls = formats.count(found.unpriced_calls, "unpriced call")
        words.append(f":orange[:material/help: {calls} {verb} in no sum of dollars]")
    if found.estimated_calls:
        calls = formats.count(found.estimated_calls, "call")
        share = formats.share(found.estimated_calls / found.requests)
        told = f"{calls} ({share}) of these sums with an estimated cost"
        words.append(f":gray[:material/calculate: {told}]")
    if words:
        st.markdown(f":small[{' · '.join(words)}]")


def comparable(source: Source, shown: Window) -> bool:
    """Whether the ledger had begun in the range before."""
    begins = data.health(source).first_call
    return begins is not None and shown.before_end > begins


def compared_with(shown: Window, *, compared: bool) -> str:
    """The range, its zone and what it is compared with."""
    zone = formats.plain(formats.zone_name(shown.zone, shown.until))
    words = (
        f"compared with {shown.before_label}"
        if compared
        else f"not compared with {shown.before_label}: the ledger had not begun"
    )
    return f"{shown.describe()}, {zone}, {words}"
