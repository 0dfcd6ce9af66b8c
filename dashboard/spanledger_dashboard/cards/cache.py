"""Whether caching pays, and why it misses: the parts of the Cache page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import streamlit as st

from spanledger_dashboard import cache_shapes, charts, formats, palette, states, table
from spanledger_dashboard.buckets import BUCKETS, buckets, fitting
from spanledger_dashboard.caching import Caching, Miss, Reuse, summed
from spanledger_dashboard.cards.card import card, escaped, guarded, metric
from spanledger_dashboard.cards.period import comparable, compared_with, doubt, period
from spanledger_dashboard.catalogue import DIMENSIONS
from spanledger_dashboard.charts_signed import signed_bars
from spanledger_dashboard.data import Filters, ledger
from spanledger_dashboard.data import cache as asked
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["headline", "late_reuses", "misses", "over_time", "worst", "writes_by_lifetime"]

_HEIGHT = 260
_PERCENT = "%.1f%%"
_UNTOLD = "cache_ttl_split_unknown"


class _Period(NamedTuple):
    """One of the two ranges that are compared."""

    caching: Caching
    misses: list[Miss]
    reuses: list[Reuse]

    @property
    def missed_usd(self) -> Decimal:
        return sum((miss.cost_usd or Decimal(0) for miss in self.misses), start=Decimal(0))

    @property
    def rewritten_usd(self) -> Decimal:
        return sum((reuse.rewritten_usd for reuse in self.reuses), start=Decimal(0))


def headline(source: Source, shown: Window, wanted: Filters) -> None:
    """Four numbers that say whether caching pays, each with the range before."""
    with guarded(150):
        compared = comparable(source, shown)
        now = _period(source, shown.start, shown.end, wanted)
        before = _period(source, shown.before_start, shown.before_end, wanted) if compared else None
        st.caption(compared_with(shown, compared=compared))
        with grid(4, min_column_width=210):
            _hit_share(now, before)
            _net(now, before)
            _missed(now, before)
            _late(now, before)
        doubt(source, shown, wanted)
        unknown = now.caching.unknown_savings_usd
        if unknown:
            spent = escaped(formats.money(unknown))
            st.caption(
                f":orange[:material/help: {spent} of cached tokens belong to models whose rates "
                "are not in the price book: no saving is told for them]"
            )


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


def worst(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    """Who pays most for prompts that do not come from the cache."""
    _, label = DIMENSIONS[dimension]
    title = f"Paid for prompts that did not come from the cache, by {label.lower()} (USD)"
    with card(title, f"Uncached input and cache writes. {period(shown)}"):
        _worst(source, shown, wanted, dimension)


def late_reuses(source: Source, shown: Window, wanted: Filters) -> None:
    """Prompts that were used again just after their lifetime had run out."""
    with card(
        "Used again just after five minutes",
        f"Within the hour, and written to the cache again. {period(shown)}",
    ):
        _reuses(source, shown, wanted)


def _period(source: Source, start: Any, end: Any, wanted: Filters) -> _Period:
    return _Period(
        summed(asked.caching(source, start, end, filters=wanted).values()),
        asked.misses(source, start, end, filters=wanted),
        asked.reuses(source, start, end, wanted),
    )


def _hit_share(now: _Period, before: _Period | None) -> None:
    share = now.caching.hit_share
    earlier = before.caching.hit_share if before else None
    metric(
        "Cache-hit share",
        formats.share(share),
        formats.points(share, earlier),
        _versus(before and formats.share(earlier)),
        color="normal",
        note="Of all prompt tokens, those that were read from the cache.",
    )


def _net(now: _Period, before: _Period | None) -> None:
    saved, premium = now.caching.reads_saved_usd, now.caching.write_premium_usd
    net = now.caching.net_saved_usd
    metric(
        "Net saved (USD)",
        formats.money(net),
        formats.change(net, before.caching.net_saved_usd) if before else None,
        _versus(before and formats.money(before.caching.net_saved_usd)),
        color="normal",
        note=escaped(
            f"Reads saved {formats.money(saved)} against uncached input; writing to the cache cost "
            f"{formats.money(premium)} more than uncached input would have."
        ),
    )


def _missed(now: _Period, before: _Period | None) -> None:
    calls = sum(miss.calls for miss in now.misses)
    metric(
        "Missed, by report (USD)",
        formats.money(now.missed_usd) if calls else "not reported",
        formats.change(now.missed_usd, before.missed_usd) if before and calls else None,
        _versus(before and formats.money(before.missed_usd)) if calls else "",
        color="inverse",
        note=escaped(
            f"{formats.count(calls, 'call')} told why the cache did not serve. Only calls with "
            "cache diagnostics switched on (`diagnostics.previous_message_id`) do."
        ),
    )


def _late(now: _Period, before: _Period | None) -> None:
    gain = sum((max(reuse.saved_by_1h_usd, Decimal(0)) for reuse in now.reuses), start=Decimal(0))
    metric(
        "Written again too late (USD)",
        formats.money(now.rewritten_usd),
        formats.change(now.rewritten_usd, before.rewritten_usd) if before else None,
        _versus(before and formats.money(before.rewritten_usd)),
        color="inverse",
        note=escaped(
            "Prompts used again just after their five minutes. One-hour writes would have saved "
            f"{formats.money(gain)} where they pay."
        ),
    )


def _versus(before: str | None) -> str:
    return f"vs {before}" if before else "nothing to compare with"


@st.fragment(parallel=True)
def _savings(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.caching_by_step(
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
        found = asked.caching_by_step(
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
        found = asked.caching_by_step(
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
        st.caption(
            f":orange[:material/help: {formats.count(calls, 'call')} did not tell the lifetime of "
            "what they wrote: counted and priced as five minutes]"
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


@st.fragment(parallel=True)
def _worst(source: Source, shown: Window, wanted: Filters, dimension: str) -> None:
    column, label = DIMENSIONS[dimension]
    with guarded(_HEIGHT):
        now = asked.caching(source, shown.start, shown.end, group=column, filters=wanted)
        before = asked.caching(
            source, shown.before_start, shown.before_end, group=column, filters=wanted
        )
        missed = asked.misses(source, shown.start, shown.end, group=column, filters=wanted)
        rows = cache_shapes.worst_rows(now, before, missed, label)
        if not rows:
            states.nothing_here("No call in this range.")
            return
        st.dataframe(
            rows,
            key="cache_worst",
            hide_index=True,
            height="content" if len(rows) <= 15 else 560,
            placeholder="—",
            column_config=_worst_columns(rows, label),
            alt=f"Caching by {label.lower()}, the dearest first",
        )


def _worst_columns(rows: list[dict[str, Any]], label: str) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    places = table.decimals([row["Not from the cache"] for row in rows])
    dollars = f"$%,.{places}f"
    return {
        label: st.column_config.TextColumn(pinned=True),
        "Not from the cache": number(
            format=dollars, help="Paid for uncached input and for writes to the cache"
        ),
        "Hit share": st.column_config.ProgressColumn(format=_PERCENT, min_value=0, max_value=100),
        "Hit share before": number(format=_PERCENT, help="The same length of time before"),
        "Net saved": number(format=dollars, help="Saved by reads less the premium on writes"),
        "Net saved before": number(format=dollars, help="The same length of time before"),
        "Missed, as reported": number(
            format=dollars, help="Beyond what reading would have cost; empty where not diagnosed"
        ),
        "Written": number(format="compact", help="Tokens written to the cache"),
        "Written for 1 h": number(format=_PERCENT, help="Of the tokens written"),
        "Calls": number(format="localized"),
    }


@st.fragment(parallel=True)
def _reuses(source: Source, shown: Window, wanted: Filters) -> None:
    with guarded(160):
        found = asked.reuses(source, shown.start, shown.end, wanted)
        if not found:
            st.markdown(
                ":green[:material/check_circle: No prompt was written again just after its five "
                "minutes.]"
            )
            return
        rows = cache_shapes.reuse_rows(found)
        number = st.column_config.NumberColumn
        places = table.decimals([row["Written again"] for row in rows])
        st.dataframe(
            rows,
            key="cache_reuse",
            hide_index=True,
            height="content" if len(rows) <= 8 else 320,
            placeholder="—",
            column_config={
                "Service": st.column_config.TextColumn(pinned=True),
                "Late reuses": number(format="localized"),
                "Of all reuses": number(format=_PERCENT),
                "Typical gap": st.column_config.TextColumn(
                    help="Between a use and the late one after it; half are shorter"
                ),
                "Written again": number(
                    "Written again (USD)", format=f"$%,.{places}f", help="By late reuses"
                ),
                "1-hour writes would save": number(
                    "1-hour writes would save (USD)",
                    format=f"%+,.{places}f",
                    help="Their higher price on all writes deducted; negative: they do not pay",
                ),
            },
            alt="Prompts written again just after their five minutes, the dearest first",
        )
