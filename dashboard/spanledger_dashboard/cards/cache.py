"""Whether caching pays: the four numbers on top of the Cache page."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from spanledger_dashboard import cache_shapes, formats
from spanledger_dashboard.caching import Caching, summed
from spanledger_dashboard.cards.card import escaped, guarded, metric
from spanledger_dashboard.cards.period import comparable, compared_with, doubt
from spanledger_dashboard.data import Filters
from spanledger_dashboard.data import cache as asked
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["headline"]

_METRIC = 110


def headline(source: Source, shown: Window, wanted: Filters) -> None:
    """Four numbers that say whether caching pays, each with the range before.

    Each asks for itself: misses and reuses read every call, which takes its time on a large ledger.
    """
    with guarded(40):
        compared = comparable(source, shown)
        st.caption(compared_with(shown, compared=compared))
        with grid(4, min_column_width=210):
            for number in (_hit_share, _net, _missed, _late):
                st.fragment(number, parallel=True)(source, shown, wanted, compared=compared)
        doubt(source, shown, wanted)


def _hit_share(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    with guarded(_METRIC):
        now, before = _caching(source, shown, wanted, compared=compared)
        share, earlier = now.hit_share, before.hit_share if before else None
        metric(
            "Cache-hit share",
            formats.share(share),
            formats.points(share, earlier),
            _versus(formats.share(earlier) if before else None),
            color="normal",
            note="Of all prompt tokens, those that were read from the cache.",
        )


def _net(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    with guarded(_METRIC):
        now, before = _caching(source, shown, wanted, compared=compared)
        saved, premium = formats.money(now.reads_saved_usd), formats.money(now.write_premium_usd)
        unknown = (
            f" Not in it: {formats.money(now.unknown_savings_usd)} of cached tokens of models "
            "whose rates are not in the price book."
            if now.unknown_savings_usd
            else ""
        )
        metric(
            "Net saved (USD)" + (" + unknown" if unknown else ""),
            formats.money(now.net_saved_usd),
            formats.change(now.net_saved_usd, before.net_saved_usd) if before else None,
            _versus(formats.money(before.net_saved_usd) if before else None),
            color="normal",
            note=escaped(
                f"Reads saved {saved} against uncached input; writing to the cache cost {premium} "
                f"more than uncached input would have.{unknown}"
            ),
        )


def _missed(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    with guarded(_METRIC):
        now, before = (
            asked.misses(source, start, end, filters=wanted) for start, end in _ranges(shown)
        )
        calls = sum(miss.calls for miss in now)
        cost, earlier = cache_shapes.missed_usd(now), cache_shapes.missed_usd(before)
        told = compared and bool(calls)
        metric(
            "Missed, by report (USD)",
            formats.money(cost) if calls else "not reported",
            formats.change(cost, earlier) if told else None,
            _versus(formats.money(earlier) if told else None) if calls else "no call told why",
            color="inverse",
            note=escaped(
                f"{formats.count(calls, 'call')} told why the cache did not serve. Only calls with "
                "cache diagnostics switched on (`diagnostics.previous_message_id`) do."
            ),
        )


def _late(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    with guarded(_METRIC):
        now, before = (asked.reuses(source, start, end, wanted) for start, end in _ranges(shown))
        cost, earlier = cache_shapes.rewritten_usd(now), cache_shapes.rewritten_usd(before)
        gain = formats.money(cache_shapes.worth_an_hour_usd(now))
        metric(
            "Written again too late (USD)",
            formats.money(cost),
            formats.change(cost, earlier) if compared else None,
            _versus(formats.money(earlier) if compared else None),
            color="inverse",
            note=escaped(
                "Prompts used again just after their five minutes. One-hour writes would have "
                f"saved {gain} where they pay."
            ),
        )


def _caching(
    source: Source, shown: Window, wanted: Filters, *, compared: bool
) -> tuple[Caching, Caching | None]:
    now, before = (
        summed(asked.caching.by_value(source, start, end, filters=wanted).values())
        for start, end in _ranges(shown)
    )
    return now, before if compared else None


def _ranges(shown: Window) -> tuple[tuple[datetime, datetime | None], ...]:
    """The range and the one before it."""
    return (shown.start, shown.end), (shown.before_start, shown.before_end)


def _versus(before: str | None) -> str:
    return f"vs {before}" if before else "nothing to compare with"
