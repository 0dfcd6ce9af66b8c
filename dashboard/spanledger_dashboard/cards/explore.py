"""The cost explorer's answers: headline, chart, composition, table and download."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from spanledger_dashboard import charts, formats, palette, shapes, table
from spanledger_dashboard.buckets import BUCKETS, buckets
from spanledger_dashboard.cards.card import (
    card,
    download,
    escaped,
    lacking,
    metric,
    moved,
    unpriced_only,
    wide,
)
from spanledger_dashboard.catalogue import DIMENSIONS, MEASURES, Measure, written
from spanledger_dashboard.data import Filters
from spanledger_dashboard.filters import Question
from spanledger_dashboard.layout import grid
from spanledger_dashboard.measures import Totals
from spanledger_dashboard.questions import MOST_SERIES, Answer, over_time
from spanledger_dashboard.settings import Source
from spanledger_dashboard.windows import Window

_ALL_SHOWN = 15

__all__ = ["composition", "headline", "table_and_download", "timeline"]


def headline(given: Answer, shown: Window, wanted: Filters) -> None:
    """The range in four numbers, each with the range before."""
    missing = given.total.unpriced_calls
    note = f" + {formats.count(missing, 'unpriced call')}" if missing else ""
    compared = (
        f"compared with {shown.before_label}"
        if given.comparable
        else f"not compared with {shown.before_label}: the ledger had not begun"
    )
    only = f". Only {_told(wanted)}" if wanted else ""
    st.caption(f"{shown.describe()}, {_zone(shown)}, {compared}{only}")
    with grid(4, min_column_width=210):
        _metric("cost", given, "inverse", note)
        _metric("calls", given, "off")
        _metric("tokens", given, "off")
        _metric("cache_hit", given, "normal")


def timeline(
    source: Source, shown: Window, question: Question, filters: Filters, given: Answer
) -> None:
    """The measure over time by the first group."""
    measure = question.measure
    cells = over_time(source, shown, question, filters, given)
    drawn = shapes.timeline(cells, buckets(shown, question.bucket), measure, MOST_SERIES)
    colors = palette.series_colors(question.groups[0], drawn.series)
    title = f"{_titled(measure)} by {BUCKETS[question.bucket].lower()} and {_by(question, 1)}"
    draw = charts.stacked_bars if measure.additive else charts.lines
    partial = " The last step still runs and is faded." if shown.running else ""
    with card(title, f"{shown.label[:1].upper()}{shown.label[1:]}, {_zone(shown)}.{partial}"):
        if measure.unit == "money" and unpriced_only(given.total):
            return
        chart = draw(drawn.slices, steps=drawn.steps, colors=colors, unit=measure.unit, height=320)
        st.altair_chart(chart, alt=f"{title}: {_leading(given, measure)}")
        if measure.unit == "money":
            lacking(given.total)


def composition(given: Answer, question: Question) -> None:
    """What each name of the first group is made of, when there is a second."""
    measure = question.measure
    if len(question.groups) < 2 or not measure.additive:
        return
    pieces = shapes.parts(
        {(key[0], key[1]): totals for key, totals in given.groups.items()}, measure
    )
    if not pieces:
        return
    colors = palette.series_colors(
        question.groups[1], list(dict.fromkeys(piece.series for piece in pieces))
    )
    title = f"{_titled(measure)} by {_by(question, 2)}"
    with card(title, "The largest names, and what they are made of"):
        st.altair_chart(charts.composition(pieces, colors=colors, unit=measure.unit), alt=title)


def table_and_download(given: Answer, shown: Window, question: Question) -> None:
    """Every combination of the groups, and the same as a file."""
    measure = question.measure
    lines = table.tabulated(given.groups, given.groups_before, given.total, measure)
    with st.container(border=True):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            st.markdown(f"**By {_by(question, 2)}**", width="content")
            with st.container(horizontal=True, width="content"):
                download("CSV", lambda: table.as_csv(lines, question.labels, measure), shown)
                download(
                    "Parquet", lambda: table.as_parquet(lines, question.labels, measure), shown
                )
        st.caption(_sum(given, shown, measure))
        rows = table.as_rows(lines, question.labels, measure, compared=given.comparable)
        st.dataframe(
            rows,
            key="explorer_table",
            hide_index=True,
            height="content" if len(rows) <= _ALL_SHOWN else 560,
            placeholder="—",
            column_config=_columns(rows, question),
            alt=f"{_titled(measure)} by {_by(question, 2)} with share and change",
        )
        if given.truncated:
            st.markdown(":small[:orange[:material/warning: Only the largest groups are listed.]]")


def _sum(given: Answer, shown: Window, measure: Measure) -> str:
    words = f"Total {measure.text(given.total)}, {shown.label}"
    if given.comparable:
        words += f"; {shown.before_label}: {measure.text(given.before)}"
    return escaped(words)


def _metric(
    name: str,
    given: Answer,
    color: Literal["normal", "inverse", "off"],
    note: str = "",
) -> None:
    measure = MEASURES[name]
    metric(
        f"{_titled(measure)}{note}",
        measure.text(given.total),
        _change(measure, given.total, given.before) if given.comparable else None,
        f"vs {measure.text(given.before)}" if given.comparable else "nothing to compare with",
        color=color,
    )


def _change(measure: Measure, now: Totals, before: Totals) -> str | None:
    if measure.unit == "share":
        return formats.points(now.cache_hit_share, before.cache_hit_share)
    if measure.unit == "money":
        return moved(now, before)
    return formats.change(int(measure.of(now) or 0), int(measure.of(before) or 0))


def _columns(rows: list[dict[str, Any]], question: Question) -> dict[str, Any]:
    number = st.column_config.NumberColumn
    measure = question.measure
    form, signed = _forms(measure, [row[measure.label] for row in rows])
    dollars, _ = _forms(MEASURES["cost"], [row.get("Cost") for row in rows])
    columns: dict[str, Any] = {
        name: st.column_config.TextColumn(
            pinned=name == question.labels[0], width=wide(row[name] for row in rows)
        )
        for name in question.labels
    }
    percent = "%.1f%%"
    unit = " (USD)" if measure.unit == "money" else ""
    return columns | {
        "Cost": number("Cost (USD)", format=dollars),
        "Calls": number(format="localized"),
        "Unpriced calls": number(format="localized", help="Not part of the cost"),
        "Tokens": number(format="compact", help="All tokens, in and out"),
        "Cache-hit share": number(format=percent, help="Of all prompt tokens"),
        measure.label: number(_titled(measure), format=form),
        "Share": st.column_config.ProgressColumn(format=percent, min_value=0, max_value=100),
        "Before": number(f"Before{unit}", format=form, help="The same length of time before"),
        "Change": number(f"Change{unit}", format=signed),
        "Change %": number(format="%+.0f%%", help="Of what it was before; empty when new"),
    }


def _forms(measure: Measure, values: list[float | None]) -> tuple[str, str]:
    """How a column's values and their changes are written."""
    if measure.unit == "money":
        places = table.decimals(values)
        return f"$%,.{places}f", f"%+,.{places}f"
    return ("%.1f%%", "%+.1f pts") if measure.unit == "share" else ("%,d", "%+,d")


def _leading(given: Answer, measure: Measure) -> str:
    names = given.by_first()
    largest = shapes.leaders(names, measure, 3)
    return ", ".join(f"{name} {written(measure.of(names[name]), measure.unit)}" for name in largest)


def _titled(measure: Measure) -> str:
    return f"{measure.label} (USD)" if measure.unit == "money" else measure.label


def _by(question: Question, most: int) -> str:
    return " and ".join(label.lower() for label in question.labels[:most])


def _told(wanted: Filters) -> str:
    """The filters in words, for those who did not set them."""
    words = {column: label.lower() for column, label in DIMENSIONS.values()}
    return "; ".join(
        f"{words[column]} {formats.plain(' or '.join(values))}" for column, values in wanted
    )


def _zone(shown: Window) -> str:
    return formats.plain(formats.zone_name(shown.zone, shown.until))
