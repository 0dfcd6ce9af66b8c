"""Will limits be hit: the parts of the Headroom page."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import streamlit as st

from spanledger_dashboard import address, charts, formats, limits, palette, places, states
from spanledger_dashboard.buckets import BUCKETS, buckets, fitting
from spanledger_dashboard.cards.card import card, guarded, metric
from spanledger_dashboard.cards.period import comparable, compared_with, period
from spanledger_dashboard.data import Filters
from spanledger_dashboard.data import headroom as asked
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["headline", "per_limit", "refusals", "use_over_time"]

_HEIGHT = 260
_LIVE_S = 10
_NO_HEADERS = (
    "No answer of this range told its rate limits. They come with every answer of the Claude API; "
    "reports of other software, and of Bedrock, Vertex AI and batches, lack them."
)


def headline(source: Source, shown: Window, wanted: Filters) -> None:
    """The limit that is used most, the one that runs out first, and who was refused."""
    with guarded(150):
        compared = comparable(source, shown)
        st.caption(compared_with(shown, compared=compared))
        with grid(4, min_column_width=210):
            _present(source, wanted)
            _least(source, shown, wanted, compared=compared)
            _refused(source, shown, wanted, compared=compared)


def use_over_time(source: Source, shown: Window, wanted: Filters) -> None:
    """How much of each limit was in use at most."""
    bucket = _bucket(shown)
    title = f"Highest use of the limits by {BUCKETS[bucket].lower()}"
    with card(title, f"Of each limit a minute. {period(shown, steps=True)}"):
        _use(source, shown, wanted, bucket)


def refusals(source: Source, shown: Window, wanted: Filters) -> None:
    """Requests answered with 429."""
    with card(
        "Refused with 429, by the tightest limit",
        f"{period(shown)}; the tick is {shown.before_label}",
    ):
        _kinds(source, shown, wanted)


def per_limit(source: Source, shown: Window, wanted: Filters) -> None:
    """Each limit of each model and workspace, with how long it lasts."""
    with card(
        "Limits by model, workspace and organisation",
        f"What the headers of all answers left. {period(shown)}; the pace is that of the last "
        f"{asked.PRESENT_MINUTES} minutes",
    ):
        st.fragment(_rows, run_every=_LIVE_S, parallel=True)(source, shown, wanted)


def _present(source: Source, wanted: Filters) -> None:
    uses = asked.uses(source, wanted)
    first = limits.soonest(uses)
    minutes = f"last {asked.PRESENT_MINUTES} minutes"
    if first is None:
        metric("Pace now", "no calls", None, minutes)
        metric("Time to the end of a limit", "—", None, "at the present pace")
        return
    whose = limits.whose(first.workspace_id, first.model)
    metric(
        "Pace now, of the limit",
        formats.share(first.use_share),
        None,
        f"{limits.KINDS[first.limit_kind].lower()}, {first.model.removeprefix('claude-')}",
        note=f"{formats.quantity(round(first.used_per_minute))} of "
        f"{formats.quantity(first.limit_value)} a minute over the {minutes}; busiest minute "
        f"{formats.quantity(round(first.peak_per_minute))}. {formats.plain(whose)}",
    )
    ends = first.exhausted_in_s is not None
    growth = limits.may_grow(first)
    metric(
        "Limit runs out in",
        limits.lasts(first) if ends else "never",
        None,
        "at the present pace"
        if ends or growth is None
        else f"the pace may grow {growth:,.1f} times",
        note="A limit fills up by itself; only a pace above it empties what is left. Cache reads "
        "and batches do not count.",
    )


def _least(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    now = limits.tightest(asked.limits(source, shown.start, shown.end, wanted))
    before = limits.tightest(
        asked.limits(source, shown.before_start, shown.before_end, wanted) if compared else []
    )
    if now is None:
        metric("Least left", "not told", None, "no answer told its limits")
        return
    left, earlier = 1 - now.peak_use_share, 1 - before.peak_use_share if before else None
    metric(
        "Least left of a limit",
        formats.share(left),
        formats.points(left, earlier),
        f"vs {formats.share(earlier)}" if before else "nothing to compare with",
        color="normal",
        note=f"{formats.quantity(now.remaining_min)} of {formats.quantity(now.limit_value)} "
        f"{limits.KINDS[now.limit_kind].lower()} a minute: "
        f"{formats.plain(limits.whose(now.workspace_id, now.model))}",
    )


def _refused(source: Source, shown: Window, wanted: Filters, *, compared: bool) -> None:
    now = asked.refusals(source, shown.start, shown.end, wanted)
    before = asked.refusals(source, shown.before_start, shown.before_end, wanted)
    number, earlier = (sum(each.requests for each in found) for found in (now, before))
    metric(
        "Refused with 429",
        formats.quantity(number),
        formats.change(number, earlier) if compared else None,
        f"vs {formats.quantity(earlier)}" if compared else "nothing to compare with",
        color="inverse",
        note="Requests that failed by a rate or spend limit after all their retries.",
    )


@st.fragment(parallel=True)
def _use(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.limits_by_step(source, shown.start, shown.end, shown.zone.key, bucket, wanted)
        steps = buckets(shown, bucket)
        slices = limits.peaks(found, steps)
        if not slices:
            states.nothing_here(_NO_HEADERS)
            return
        highest = max(slices, key=lambda cut: cut.value)
        st.altair_chart(
            charts.lines(
                slices,
                steps=[step.label for step in steps],
                colors=palette.LIMIT_COLORS,
                unit="share",
                height=_HEIGHT,
            ),
            alt=f"Highest use of the limits by {bucket}: {highest.series} {highest.text} "
            f"in {highest.bucket}",
        )


@st.fragment(parallel=True)
def _kinds(source: Source, shown: Window, wanted: Filters) -> None:
    with guarded(160):
        found = asked.refusals(source, shown.start, shown.end, wanted)
        rows = limits.refused_by_kind(
            found,
            asked.refusals(source, shown.before_start, shown.before_end, wanted),
        )
        if not rows:
            st.markdown(":green[:material/check_circle: No request was refused with 429.]")
            return
        told = ", ".join(f"{row.name} {row.text}" for row in rows)
        st.altair_chart(
            charts.compared_bars(rows, now=shown.label, before=shown.before_label),
            alt=f"Refused with 429: {told}",
        )
        st.caption("“No limit told”: a spend limit, or software that does not pass headers on.")
        if found:
            newest = max(found, key=lambda each: each.newest_time)
            st.page_link(
                "views/traces.py",
                label="The newest refused request",
                icon=":material/account_tree:",
                query_params=places.to_trace(
                    address.params(), newest.newest_trace_id, newest.newest_time
                ),
            )


def _rows(source: Source, shown: Window, wanted: Filters) -> None:
    with guarded(_HEIGHT):
        rows = limits.limit_rows(
            asked.limits(source, shown.start, shown.end, wanted),
            asked.uses(source, wanted),
        )
        if not rows:
            states.nothing_here(_NO_HEADERS)
            return
        st.dataframe(
            rows,
            key="limits",
            hide_index=True,
            height="content" if len(rows) <= 12 else 460,
            placeholder="—",
            column_config=_columns(),
            alt="What was left of each limit and how long it lasts, the tightest first",
        )
        now = datetime.now(timezone.utc).astimezone(shown.zone)
        st.caption(f"As of {now:%H:%M:%S}. The API rounds what is left of tokens to thousands.")


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "Model": st.column_config.TextColumn(pinned=True),
        "A minute": number("Limit a minute", format="localized"),
        "Left at least": number(format="localized", help="The least that an answer told was left"),
        "Left in 95 of 100": number(format="localized", help="95 of 100 answers left more"),
        "Highest use": st.column_config.ProgressColumn(
            format="%.1f%%", min_value=0, max_value=100, help="Of the limit"
        ),
        "Used a minute now": number(format="%,.0f", help="On average over the last minutes"),
        "Pace of limit": number("Pace now", format="%.1f%%", help="Of the limit"),
        "Runs out": st.column_config.TextColumn("Runs out in", help="At the present pace"),
        "May grow": number(
            "Pace may grow", format="%,.1fx", help="Before what is left begins to shrink"
        ),
    }


def _bucket(shown: Window) -> str:
    """Limits are a matter of minutes: weeks and months say nothing of them."""
    bucket = fitting(shown.span)
    return bucket if bucket in {"hour", "day"} else "day"
