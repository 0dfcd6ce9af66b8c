"""What a page's cards say of their time range, and whether it can be compared."""

from __future__ import annotations

from spanledger_dashboard import data, formats
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["comparable", "compared_with", "period"]


def period(shown: Window, *, steps: bool = False) -> str:
    """The range in words, for the line below a title."""
    zone = formats.plain(formats.zone_name(shown.zone, shown.until))
    partial = ". The last step still runs and is faded" if steps and shown.running else ""
    return f"{shown.label[:1].upper()}{shown.label[1:]}, {zone}{partial}"


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
