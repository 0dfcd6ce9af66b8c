"""Whether caching pays, over time and by cause: the charts of the Cache page."""

from __future__ import annotations

import streamlit as st

from spanledger_dashboard import cache_shapes, charts, formats, palette, states
from spanledger_dashboard.buckets import BUCKETS, buckets, fitting
from spanledger_dashboard.caching import Caching, summed
from spanledger_dashboard.cards.card import card, escaped, guarded
from spanledger_dashboard.cards.period import period
from spanledger_dashboard.charts_signed import signed_bars
from spanledger_dashboard.data import Filters, ledger
from spanledger_dashboard.data import cache as asked
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["misses", "over_time", "writes_by_lifetime"]

_HEIGHT = 260
_UNTOLD = "cache_ttl_split_unknown"


def over_time(source: Source, shown: Window, wanted: Filters) -> None:
    """Savings and hit share in each step."""
    bucket = fitting(shown.span)
    by = BUCKETS[bucket].lower()
    with grid(2, min_column_width=340):
        with card(f"Savings by {by} (USD)", f"{period(shown, steps=True)}. The tick is the net"):
            _savings(source, shown, wanted, bucket)
        with card(f"Cache-hit share by {by}", f"Of all prompt tokens. {period(shown, steps=True)}"):
            _hits(source, shown, wanted, bucket)


def writes_by_lifetime(source: Source, shown: Window, wanted: Filters) -> None:
    """What is written for five minutes and what for an hour."""
    with card("Cache writes by lifetime (tokens)", period(shown, steps=True)):
        _writes(source, shown, wanted, fitting(shown.span))


def misses(source: Source, shown: Window, wanted: Filters) -> None:
    """Why the cache did not serve, in dollars."""
    with card(
        "Misses by reported cause (USD)",
        f"Beyond what reading would have cost; in brackets, calls. {period(shown)}; the tick is "
        f"{shown.before_label}",
    ):
        _misses(source, shown, wanted)


@st.fragment(parallel=True)
def _savings(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.caching.by_step(
            source, shown.start, shown.end, shown.zone.key, bucket, wanted
        )
        steps = buckets(shown, bucket)
        everything = summed(found.values())
        names = (cache_shapes.SAVED, cache_shapes.PREMIUM)
        st.altair_chart(
            signed_bars(
                cache_shapes.savings(found, steps),
                cache_shapes.net_by_step(found, steps),
                steps=[step.label for step in steps],
                colors={name: palette.CACHE_COLORS[name] for name in names},
                unit="money",
                height=_HEIGHT,
            ),
            alt=f"Savings by {bucket}: reads saved {formats.money(everything.reads_saved_usd)}, "
            f"writes cost {formats.money(everything.write_premium_usd)} more, "
            f"net {formats.money(everything.net_saved_usd)}",
        )


@st.fragment(parallel=True)
def _hits(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.caching.by_step(
            source, shown.start, shown.end, shown.zone.key, bucket, wanted
        )
        steps = buckets(shown, bucket)
        overall = formats.share(summed(found.values()).hit_share)
        name = cache_shapes.HIT_SHARE
        st.altair_chart(
            charts.lines(
                cache_shapes.hit_shares(found, steps),
                steps=[step.label for step in steps],
                colors={name: palette.CACHE_COLORS[name]},
                unit="share",
                height=_HEIGHT,
            ),
            alt=f"Cache-hit share by {bucket}, {overall} over the range",
        )


@st.fragment(parallel=True)
def _writes(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.caching.by_step(
            source, shown.start, shown.end, shown.zone.key, bucket, wanted
        )
        everything = summed(found.values())
        if not everything.write_tokens:
            states.nothing_here("Nothing was written to the cache in this range.")
            return
        steps = buckets(shown, bucket)
        slices = cache_shapes.writes(found, steps)
        told = _lifetimes(everything)
        st.altair_chart(
            charts.stacked_bars(
                slices,
                steps=[step.label for step in steps],
                colors={
                    name: palette.CACHE_COLORS[name]
                    for name in (cache_shapes.FIVE_MINUTES, cache_shapes.ONE_HOUR)
                },
                unit="count",
                height=_HEIGHT,
            ),
            alt=f"Cache writes by {bucket} and lifetime. {told}",
        )
        st.caption(escaped(told))
        _lifetimes_unknown(source, shown, wanted)


def _lifetimes_unknown(source: Source, shown: Window, wanted: Filters) -> None:
    found = ledger.doubts(source, shown.start, shown.end, wanted)
    calls = sum(each.calls for each in found if each.cost_reason == _UNTOLD)
    if calls:
        st.markdown(
            f":small[:orange[:material/help: {formats.count(calls, 'call')} did not tell the "
            "lifetime of what they wrote: counted and priced as five minutes]]"
        )


def _lifetimes(caching: Caching) -> str:
    five = caching.cache_write_5m_tokens
    hour = caching.cache_write_1h_tokens
    return (
        f"5 minutes: {formats.quantity(five)} tokens, {formats.money(caching.cache_write_5m_usd)}. "
        f"1 hour: {formats.quantity(hour)} tokens, {formats.money(caching.cache_write_1h_usd)} "
        f"({formats.share(caching.hour_share)} of what was written)."
    )


@st.fragment(parallel=True)
def _misses(source: Source, shown: Window, wanted: Filters) -> None:
    with guarded(_HEIGHT):
        now = asked.misses(source, shown.start, shown.end, filters=wanted)
        before = asked.misses(source, shown.before_start, shown.before_end, filters=wanted)
        rows = cache_shapes.missed_by_cause(now, before)
        if not rows:
            st.markdown(
                "No call told why the cache missed. The API says it where a request names the "
                "message before it: set `diagnostics={'previous_message_id': …}` in "
                "`messages.create`; the library records the answer."
            )
            return
        told = ", ".join(f"{row.name} {row.text}" for row in rows[:3])
        st.altair_chart(
            charts.compared_bars(rows, now=shown.label, before=shown.before_label),
            alt=f"Cache misses by cause: {told}",
        )
