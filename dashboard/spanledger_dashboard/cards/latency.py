"""Slow, failing, retried: numbers and charts of the page on latency and reliability."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from spanledger_dashboard import charts, formats, latency_shapes, palette, states
from spanledger_dashboard.buckets import BUCKETS, buckets, fitting
from spanledger_dashboard.cards.card import card, guarded, metric
from spanledger_dashboard.cards.period import comparable, compared_with, doubt, period
from spanledger_dashboard.data import Filters
from spanledger_dashboard.data import latency as asked
from spanledger_dashboard.latency import NO_REQUESTS, Pace, Requests
from spanledger_dashboard.layout import grid
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

__all__ = ["headline", "over_time"]

_HEIGHT = 260
_NO_PACE = Pace(0, 0, 0, 0, 0, None, None, None, None)
_TITLES: dict[Literal["duration", "first_chunk"], str] = {
    "duration": "Time taken",
    "first_chunk": "Time to the first chunk",
}


def headline(source: Source, shown: Window, wanted: Filters) -> None:
    """Six numbers: how slow, how fast, how often wrong, and what that cost."""
    with guarded(150):
        compared = comparable(source, shown)
        pace = _pace(source, shown.start, shown.end, wanted)
        ended = _ended(source, shown.start, shown.end, wanted)
        pace_before = _pace(source, shown.before_start, shown.before_end, wanted)
        ended_before = _ended(source, shown.before_start, shown.before_end, wanted)
        if not compared:
            pace_before = ended_before = None
        st.caption(compared_with(shown, compared=compared))
        with grid(3, min_column_width=230):
            _speed(pace or _NO_PACE, pace_before)
            _reliability(ended or NO_REQUESTS, ended_before)
        doubt(source, shown, wanted)


def over_time(source: Source, shown: Window, wanted: Filters) -> None:
    """Percentiles and failures in each step."""
    bucket = fitting(shown.span)
    by = BUCKETS[bucket].lower()
    steps = period(shown, steps=True)
    with grid(2, min_column_width=340):
        with card(f"{_TITLES['duration']} by {by}", f"By 50, 95 and 99 of 100 requests. {steps}"):
            _percentiles(source, shown, wanted, bucket, "duration")
        with card(f"{_TITLES['first_chunk']} by {by}", f"Of streams. {steps}"):
            _percentiles(source, shown, wanted, bucket, "first_chunk")
    with card(f"Requests that did not complete by {by}", steps):
        _endings(source, shown, wanted, bucket)


def _pace(source: Source, start: Any, end: Any, wanted: Filters) -> Pace | None:
    return asked.paces.by_value(source, start, end, filters=wanted).get("")


def _ended(source: Source, start: Any, end: Any, wanted: Filters) -> Requests | None:
    return asked.requests.by_value(source, start, end, filters=wanted).get("")


def _speed(now: Pace, before: Pace | None) -> None:
    metric(
        "Time taken, 95 of 100",
        formats.duration(now.duration_p95_ns) if now.requests else formats.UNKNOWN,
        before and _slower(now.duration_p95_ns, before.duration_p95_ns),
        _versus(None if before is None else formats.duration(before.duration_p95_ns)),
        color="inverse",
        note=f"Half take at most {formats.duration(now.duration_p50_ns)}, 99 of 100 at most "
        f"{formats.duration(now.duration_p99_ns)}. Of {formats.count(now.requests, 'request')}.",
    )
    metric(
        "First chunk, 95 of 100",
        formats.duration(now.first_chunk_p95_ns),
        before and _slower(now.first_chunk_p95_ns, before.first_chunk_p95_ns),
        _versus(None if before is None else formats.duration(before.first_chunk_p95_ns)),
        color="inverse",
        note=f"Half wait at most {formats.duration(now.first_chunk_p50_ns)}, 99 of 100 at most "
        f"{formats.duration(now.first_chunk_p99_ns)}. Of {formats.count(now.streams, 'stream')}.",
    )
    speed, earlier = now.output_tokens_per_second, before and before.output_tokens_per_second
    metric(
        "Output tokens a second",
        formats.UNKNOWN if speed is None else f"{speed:,.1f}",
        f"{speed - earlier:+,.1f}" if speed is not None and earlier is not None else None,
        _versus(None if earlier is None else f"{earlier:,.1f}"),
        color="normal",
        note="Output tokens over the whole time of the requests that had any.",
    )


def _reliability(now: Requests, before: Requests | None) -> None:
    metric(
        "Failed requests",
        formats.share(now.error_share),
        formats.points(now.error_share, before.error_share) if before else None,
        _versus(None if before is None else formats.share(before.error_share)),
        color="inverse",
        note=f"{formats.quantity(now.errors)} of {formats.quantity(now.requests)} requests.",
    )
    metric(
        "Retries",
        formats.quantity(now.retries),
        formats.change(now.retries, before.retries) if before else None,
        _versus(None if before is None else formats.quantity(before.retries)),
        color="inverse",
        note="Taken by the SDK before a request succeeded or was given up; "
        f"{formats.share(now.retry_share)} of the number of requests.",
    )
    left = now.closed + now.dropped + now.cancelled
    metric(
        "Wasted (USD)",
        formats.money(now.incomplete_usd),
        formats.change(now.incomplete_usd, before.incomplete_usd) if before else None,
        _versus(None if before is None else formats.money(before.incomplete_usd)),
        color="inverse",
        note="Spent on requests that did not complete. Failed ones cost nothing; "
        f"{formats.count(left, 'request')} left early or never read are estimates.",
    )


def _slower(now: int | None, before: int | None) -> str | None:
    if not now or not before:
        return None
    difference = now - before
    if abs(difference) < before // 100:
        return "no change"
    sign = "-" if difference < 0 else "+"
    return f"{sign}{formats.duration(abs(difference))} ({formats.relative(now, before)})"


def _versus(before: str | None) -> str:
    return f"vs {before}" if before else "nothing to compare with"


@st.fragment(parallel=True)
def _percentiles(
    source: Source,
    shown: Window,
    wanted: Filters,
    bucket: str,
    what: Literal["duration", "first_chunk"],
) -> None:
    with guarded(_HEIGHT):
        found = asked.paces.by_step(source, shown.start, shown.end, shown.zone.key, bucket, wanted)
        steps = buckets(shown, bucket)
        slices = latency_shapes.percentiles(found, steps, what)
        if not slices:
            states.nothing_here("No request of this range told when its first chunk came.")
            return
        st.altair_chart(
            charts.lines(
                slices,
                steps=[step.label for step in steps],
                colors=palette.PERCENTILE_COLORS,
                unit="seconds",
                height=_HEIGHT,
            ),
            alt=f"{_TITLES[what]} by {bucket}: {_last(slices)}",
        )


@st.fragment(parallel=True)
def _endings(source: Source, shown: Window, wanted: Filters, bucket: str) -> None:
    with guarded(_HEIGHT):
        found = asked.requests.by_step(
            source, shown.start, shown.end, shown.zone.key, bucket, wanted
        )
        steps = buckets(shown, bucket)
        slices = latency_shapes.endings(found, steps)
        if not slices:
            st.markdown(":green[:material/check_circle: Every request completed.]")
            return
        everything = sum(found.values(), start=NO_REQUESTS)
        st.altair_chart(
            charts.stacked_bars(
                slices,
                steps=[step.label for step in steps],
                colors=palette.ENDING_COLORS,
                unit="count",
                height=_HEIGHT,
            ),
            alt=f"Requests that did not complete by {bucket}: "
            f"{formats.count(everything.errors, 'failure')}, "
            f"{formats.count(everything.closed, 'stream')} closed early",
        )


def _last(slices: list[charts.Slice]) -> str:
    newest = {cut.series: cut for cut in slices}
    return ", ".join(f"{cut.series} at most {cut.text}" for cut in newest.values())
