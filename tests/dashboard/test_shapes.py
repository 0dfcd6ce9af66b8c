"""Answers become slices, bars and rows without losing or inventing anything."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from spanledger_dashboard import shapes, table
from spanledger_dashboard.buckets import buckets
from spanledger_dashboard.catalogue import MEASURES
from spanledger_dashboard.measures import NOTHING, Totals
from spanledger_dashboard.windows import window

COST, HITS = MEASURES["cost"], MEASURES["cache_hit"]
NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)
WEEK = window("7d", NOW, ZoneInfo("UTC"))
DAYS = buckets(WEEK, "day")


def costing(amount: str, calls: int = 1) -> Totals:
    return Totals(cost_usd=Decimal(amount), calls=calls, requests=calls)


def day(number: int) -> datetime:
    return datetime(2026, 11, 14) + timedelta(days=number)


def test_the_smallest_series_become_one() -> None:
    """Their sum is kept, and nothing is drawn twice."""
    cells = {(day(0), f"m{number}"): costing(str(number)) for number in range(1, 6)}

    drawn = shapes.timeline(cells, DAYS, COST, most=2)

    assert drawn.series == ["m5", "m4", "Other"]
    assert [(cut.series, cut.value, cut.text) for cut in drawn.slices] == [
        ("m5", 5.0, "$5.00"),
        ("m4", 4.0, "$4.00"),
        ("Other", 6.0, "$6.00"),
    ]


def test_shares_have_no_other() -> None:
    """Shares do not add up, so the rest is left out instead of summed."""
    cells = {
        (day(0), name): Totals(input_tokens=10, cache_read_tokens=read)
        for name, read in (("a", 30), ("b", 10), ("c", 0))
    }

    drawn = shapes.timeline(cells, DAYS, HITS, most=2)

    assert [(cut.series, cut.value) for cut in drawn.slices] == [("a", 0.75), ("b", 0.5)]


def test_every_step_is_on_the_axis() -> None:
    """A day without a call is a gap one can see, and the running day is marked."""
    drawn = shapes.timeline({(day(6), "m"): costing("1")}, DAYS, COST)

    assert drawn.steps == [step.label for step in DAYS]
    assert [(cut.bucket, cut.partial) for cut in drawn.slices] == [("20 Nov", True)]


def test_a_spike_is_named_with_how_far_it_stands_out() -> None:
    """Compared with the median of the complete days; the running day does not count for it."""
    steps = buckets(window("30d", NOW, ZoneInfo("UTC")), "day")
    cells = {(step.start, "m"): costing("10") for step in steps}
    cells[(datetime(2026, 11, 19), "m")] = costing("45")
    drawn = shapes.timeline(cells, steps, COST)

    usual = shapes.usual(drawn.slices)

    assert usual == 10.0
    assert [note.text for note in shapes.standing_out(drawn.slices, usual)] == ["$45 · 4.5x usual"]


def test_a_few_days_have_no_usual() -> None:
    """A median of six days would call the first busy one a spike."""
    drawn = shapes.timeline({(day(0), "m"): costing("1")}, DAYS, COST)

    assert shapes.usual(drawn.slices) is None
    assert shapes.standing_out(drawn.slices, None) == []


def test_names_that_vanished_are_compared_too() -> None:
    """What cost money before and nothing now is part of the change."""
    rows = shapes.compared({"a": costing("2")}, {"a": costing("1"), "b": costing("3")}, COST)

    assert [(row.name, row.text, row.before_text, row.change) for row in rows] == [
        ("a", "$2.00", "$1.00", "+100%"),
        ("b", "$0.00", "$3.00", "-100%"),
    ]


def test_a_new_name_is_new() -> None:
    """It has no percentage of nothing."""
    (row,) = shapes.compared({"a": costing("2")}, {}, COST)

    assert row.change == "new"


def test_parts_add_up_to_their_name() -> None:
    """The inner names beyond the largest are together in Other."""
    cells = {("a", f"m{number}"): costing(str(number)) for number in range(1, 5)}

    pieces = shapes.parts(cells, COST, most=4)

    assert [(part.series, part.value) for part in pieces] == [
        ("m4", 4.0),
        ("m3", 3.0),
        ("Other", 3.0),
    ]


def test_a_group_of_unpriced_calls_has_no_cost() -> None:
    """Unknown is a gap in the table and in the file, never $0."""
    unknown = Totals(calls=2, requests=2, unpriced_calls=2)
    lines = table.tabulated({("x",): unknown}, {}, unknown, COST)

    assert COST.text(unknown) == "unpriced"
    assert table.as_rows(lines, ["Model"], COST)[0]["Cost"] is None
    assert read(lines)[0]["Cost (USD)"] == ""


def test_lines_have_share_and_change() -> None:
    """Against the whole and against the range before; the largest first."""
    now: table.Groups = {("a", "x"): costing("1"), ("b", "x"): costing("3")}
    lines = table.tabulated(now, {("a", "x"): costing("2")}, costing("4"), COST)

    rows = table.as_rows(lines, ["Team", "Model"], COST)

    told = [
        (row["Team"], row["Cost"], row["Share"], row["Change"], row["Change %"]) for row in rows
    ]
    assert told == [("b", 3.0, 75.0, 3.0, None), ("a", 1.0, 25.0, -1.0, -50.0)]


def test_the_file_is_exact() -> None:
    """Every picodollar of the ledger is in the download."""
    exact = costing("1234.000000000001")
    lines = table.tabulated({("a",): exact}, {("a",): costing("0.1")}, exact, COST)

    (row,) = read(lines)

    assert (row["Cost (USD)"], row["Before (USD)"]) == ("1234.000000000001", "0.1")
    assert row["Change (USD)"] == "1233.900000000001"


def test_parquet_is_exact_and_typed() -> None:
    """Decimals stay decimals, counts are integers, and a name needs no quoting."""
    exact = costing("1234.000000000001")
    lines = table.tabulated({("=a",): exact}, {}, exact, COST)

    read_back = pq.read_table(io.BytesIO(table.as_parquet(lines, ["Model"], COST)))

    (row,) = read_back.to_pylist()
    assert (row["Model"], row["Cost (USD)"]) == ("=a", Decimal("1234.000000000001"))
    assert (row["Calls"], row["Share"]) == (1, 1.0)
    assert str(read_back.schema.field("Cost (USD)").type) == "decimal128(38, 12)"
    assert str(read_back.schema.field("Calls").type) == "int64"


def test_shares_in_parquet_are_shares() -> None:
    """A measure that is a share has floats throughout; nothing at all is a file, too."""
    lines = table.tabulated(
        {("a",): Totals(input_tokens=1, cache_read_tokens=3)}, {}, NOTHING, HITS
    )

    (row,) = pq.read_table(io.BytesIO(table.as_parquet(lines, ["Model"], HITS))).to_pylist()
    empty = pq.read_table(io.BytesIO(table.as_parquet([], ["Model"], COST)))

    assert row["Cache-hit share"] == 0.75
    assert empty.num_rows == 0


def test_a_name_is_never_a_formula_in_a_spreadsheet() -> None:
    """Names come from telemetry, and the file is opened by finance."""
    hostile = '=HYPERLINK("http://elsewhere.example")'
    lines = table.tabulated({(hostile,): costing("1")}, {}, costing("1"), COST)

    (row,) = read(lines)

    assert row["Model"] == f"'{hostile}"


def test_small_amounts_get_the_places_they_need() -> None:
    """A column of cents has two places, one of fractions of a cent up to six."""
    assert table.decimals([12.5, 0.31, None]) == 2
    assert table.decimals([12.5, 0.0042]) == 3
    assert table.decimals([0.0000001]) == 6


def test_sums_and_differences_are_exact() -> None:
    """Totals add and subtract without floats."""
    third = costing("0.000000000001")

    assert (third + third).cost_usd == Decimal("0.000000000002")
    assert (third + third) - third == third
    assert NOTHING.cache_hit_share is None
    assert NOTHING.error_share is None
    assert NOTHING.cost_per_call is None


def read(lines: list[table.Line]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.as_csv(lines, ["Model"], COST))))
