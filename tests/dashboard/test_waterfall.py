"""The waterfall says what the tree says."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import altair as alt

from spanledger_dashboard import palette, waterfall
from spanledger_dashboard.tree import Branch, Costs, Step, planted

BEGAN = datetime(2026, 11, 20, 9, tzinfo=timezone.utc)
MODEL = "claude-opus-5-5"


def step(kind: str, span_id: str, parent: str | None, at: float, took: float, **facts: Any) -> Step:
    start = BEGAN + timedelta(seconds=at)
    told = {"failed": False, **facts}
    return Step(kind, span_id, parent, span_id, "s", "s", start, int(took * 1e9), **told)


def branches() -> list[Branch]:
    """An agent of 100 s with a call of 10 s, one that failed, one unpriced, and a report."""
    priced = {"model": MODEL, "cost_status": "priced", "outcome": "completed"}
    [root] = planted(
        [
            step("span", "agent", None, 0, 100),
            step("call", "a", "agent", 1, 10, cost_usd=Decimal("0.25"), **priced),
            step(
                "call", "b", "agent", 20, 5, cost_usd=Decimal(0), cost_status="priced", model=MODEL,
                failed=True, error_type="overloaded_error", outcome="failed",
            ),
            step("call", "c", "agent", 30, 5, cost_status="unpriced"),
            step("report", "d", "agent", 31, 5, model=MODEL, cost_usd=Decimal(9)),
        ]
    )  # fmt: skip
    return list(root.walk())


def spec(chart: alt.LayerChart) -> dict[str, Any]:
    with alt.data_transformers.enable("default"):
        drawn: dict[str, Any] = chart.to_dict()
    return drawn


def test_bars_have_their_place_in_time_and_their_cost() -> None:
    """Since the beginning of the trace; a span has the sum of what is in it."""
    bars = waterfall.as_bars(branches())

    assert [(bar.plain_name, bar.start_ns // 10**9, bar.end_ns // 10**9) for bar in bars] == [
        ("agent", 0, 100),
        ("a", 1, 11),
        ("b", 20, 25),
        ("c", 30, 35),
        ("d", 31, 36),
    ]
    assert [bar.cost for bar in bars] == [
        "$0.25 + 1 unpriced",
        "$0.25",
        "$0.00",
        "unpriced",
        "counted once",
    ]
    assert bars[2].status == "overloaded_error"


def test_colours_are_those_of_the_models() -> None:
    """The same as on every page; spans, reports and unknown models are grey."""
    drawn = spec(waterfall.chart(waterfall.as_bars(branches()), "09:00:00"))
    scale = drawn["layer"][0]["encoding"]["color"]["scale"]
    colors = dict(zip(scale["domain"], scale["range"], strict=True))

    assert colors.pop(MODEL) == palette.model_color(MODEL)
    assert set(colors.values()) == {palette.NEUTRAL}


def test_failures_are_marked_without_colour_too() -> None:
    """A cross before the name, and an outline."""
    bars = waterfall.as_bars(branches())
    drawn = spec(waterfall.chart(bars, ""))
    rows = drawn["datasets"][
        drawn["data"]["name"] if "data" in drawn else next(iter(drawn["datasets"]))
    ]

    assert "✕" in bars[2].name
    assert "✕" not in bars[1].name
    assert [row["failed"] for row in rows] == [False, False, True, False, False]


def test_names_are_indented_by_depth() -> None:
    """By white space that the browser does not trim away."""
    bars = waterfall.as_bars(branches())

    assert [bar.name.index(bar.plain_name) for bar in bars] == [1, 2, 4, 2, 2]


def test_the_scale_fits_the_trace() -> None:
    """Milliseconds for a quick one, minutes for a long one; never an empty axis."""

    def title(took: float) -> str:
        [only] = planted([step("span", "a", None, 0, took)])
        drawn = spec(waterfall.chart(waterfall.as_bars([only]), "noon"))
        return str(drawn["layer"][0]["encoding"]["x"]["axis"]["title"])

    assert title(0.02) == "milliseconds since noon"
    assert title(30) == "seconds since noon"
    assert title(600) == "minutes since noon"
    assert title(0) == "milliseconds since noon"


def test_the_chosen_step_is_found() -> None:
    """A band behind it, on its row."""
    drawn = spec(waterfall.chart(waterfall.as_bars(branches()), "", chosen="b"))
    name = drawn["layer"][0]["data"]["name"]

    assert drawn["datasets"][name] == [{"row": 2, "start": 0.0, "end": 100.0 / 1}]


def test_sums_say_what_they_lack() -> None:
    """Estimates and missing prices are never hidden."""
    assert waterfall.told(Costs(Decimal(2), 3, 0, 1)) == "~$2.00"
    assert waterfall.told(Costs(Decimal(2), 3, 1, 0)) == "$2.00 + 1 unpriced"
    assert waterfall.told(Costs(Decimal(0), 2, 2, 0)) == "unpriced"
