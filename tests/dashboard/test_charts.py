"""Charts say what their data says, in the same colours everywhere."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import altair as alt
import pytest

from spanledger_dashboard import charts, palette
from spanledger_dashboard.charts import Compared, Note, Part, Slice
from spanledger_dashboard.theme import options

STEPS = ["18 Nov", "19 Nov", "20 Nov"]
MODELS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-1")


def spec(chart: charts.Chart) -> dict[str, Any]:
    with alt.data_transformers.enable("default"):
        drawn: dict[str, Any] = chart.to_dict()
    return drawn


def rows(drawn: dict[str, Any]) -> list[list[dict[str, Any]]]:
    return list(drawn["datasets"].values())


def bars() -> dict[str, Any]:
    return spec(
        charts.stacked_bars(
            [
                Slice("19 Nov", "claude-opus-5-5", 4.2, "$4.20"),
                Slice("20 Nov", "claude-opus-5-5", 1.0, "$1.00", partial=True),
            ],
            steps=STEPS,
            colors={"claude-opus-5-5": "#123456", "claude-haiku-5-5": "#654321"},
            unit="money",
            notes=[Note("19 Nov", 4.2, "$4.20 · 4.2x usual")],
            usual=1.0,
        )
    )


def test_bars_show_every_step_and_the_given_colours() -> None:
    """Also steps without a bar; the colours are those of the names, not of their order."""
    encoding = bars()["layer"][0]["encoding"]

    assert encoding["x"]["scale"]["domain"] == STEPS
    assert encoding["color"]["scale"] == {
        "domain": ["claude-opus-5-5", "claude-haiku-5-5"],
        "range": ["#123456", "#654321"],
    }
    assert encoding["y"]["stack"] is True


def test_words_above_bars_do_not_overlap() -> None:
    """Of neighbours the largest has its words; one far away has its own."""
    steps = [f"{day} Nov" for day in range(1, 31)]
    notes = [Note("2 Nov", 5, "$5"), Note("28 Nov", 4, "$4"), Note("29 Nov", 6, "$6")]
    drawn = spec(charts.stacked_bars([], steps=steps, colors={}, unit="money", notes=notes))

    (words,) = [each for each in rows(drawn) if each and "bucket" in each[0] and "text" in each[0]]
    assert {word["text"] for word in words} == {"$5", "$6"}


def test_the_running_step_is_faded() -> None:
    """By a condition on the data, so that no complete bar is."""
    drawn = bars()

    opacity = drawn["layer"][0]["encoding"]["opacity"]
    assert opacity["condition"]["test"] == "datum.partial"
    assert opacity["condition"]["value"] < opacity["value"] == 1.0
    slices = next(frame for frame in rows(drawn) if "partial" in frame[0])
    assert [row["partial"] for row in slices] == [False, True]


def test_tooltips_show_the_text_that_came_with_the_value() -> None:
    """The number drawn is a float, the number read is exact."""
    drawn = bars()

    titles = [tip["title"] for tip in drawn["layer"][0]["encoding"]["tooltip"]]
    assert titles == ["When", "What", "Value"]
    assert any(row.get("text") == "$4.20" for frame in rows(drawn) for row in frame)


def test_a_spike_has_its_words_and_the_usual_its_line() -> None:
    """Both are layers of their own."""
    marks = [layer["mark"]["type"] for layer in bars()["layer"]]

    assert marks == ["bar", "rule", "text"]


def test_lines_of_shares_reach_from_none_to_all() -> None:
    """A share is never drawn on a zoomed axis."""
    drawn = spec(
        charts.lines(
            [Slice("18 Nov", "a", 0.5, "50.0%")], steps=STEPS, colors={"a": "#123456"}, unit="share"
        )
    )

    assert drawn["layer"][0]["encoding"]["y"]["scale"]["domain"] == [0, 1]


def test_compared_bars_keep_names_out_of_the_expression_language() -> None:
    """A service name is data: quotes and braces in it stay text."""
    name = """it's "quoted" } datum"""
    drawn = spec(
        charts.compared_bars(
            [Compared(name, 2.0, 1.0, "$2.00", "$1.00", "+100%")], now="Now", before="Then"
        )
    )

    axis = drawn["layer"][1]["encoding"]["y"]["axis"]
    assert axis["labelExpr"] == '{"it\'s \\"quoted\\" } datum": "$2.00  +100%"}[datum.value]'


def test_composition_has_a_bar_a_name() -> None:
    """In the order given, tall enough for all of them."""
    few = spec(charts.composition([Part("b", "x", 1.0, "$1.00")], colors={"x": "#1"}, unit="money"))
    more = spec(
        charts.composition(
            [Part(name, "x", 1.0, "$1.00") for name in "cba"], colors={"x": "#1"}, unit="money"
        )
    )

    assert more["encoding"]["y"]["sort"] == ["c", "b", "a"]
    assert more["height"] > few["height"]


def test_an_axis_of_small_amounts_is_not_all_zero() -> None:
    """Fractions of a cent get their places."""
    drawn = spec(
        charts.stacked_bars(
            [Slice("18 Nov", "a", 0.004, "$0.0040")], steps=STEPS, colors={"a": "#1"}, unit="money"
        )
    )

    assert drawn["layer"][0]["encoding"]["y"]["axis"]["format"] == "$,.2~g"


def test_a_model_has_one_colour_everywhere() -> None:
    """Whatever is shown beside it; the four families that run together differ."""
    alone = palette.series_colors("model", ["claude-opus-5-5"])
    together = palette.series_colors("model", MODELS)

    assert alone["claude-opus-5-5"] == together["claude-opus-5-5"]
    assert len(set(together.values())) == len(MODELS)


@pytest.mark.parametrize(
    "generations",
    [
        ("claude-opus-5-5", "claude-opus-5", "claude-opus-4-8", "claude-opus-4-7"),
        ("claude-sonnet-5-5", "claude-sonnet-5", "claude-sonnet-4-6", "claude-sonnet-4-5-20250929"),
        ("claude-haiku-5-5", "claude-haiku-4-5-20251001"),
        ("claude-fable-5-2", "claude-fable-5-1", "claude-fable-5"),
    ],
)
def test_versions_of_a_family_differ(generations: tuple[str, ...]) -> None:
    """They may stand in one bar."""
    assert len({palette.model_color(model) for model in generations}) == len(generations)


def test_an_unknown_model_is_neutral() -> None:
    """It borrows no family's colour."""
    assert palette.model_color("gpt-unheard-of") == palette.NEUTRAL


def test_names_shown_together_differ() -> None:
    """Up to eight; Other and what has no name are neutral."""
    names = ["search", "support", "payments", "platform", "legal", "ops", "data", "web"]
    colors = palette.named_colors([*names, "Other", "(none)"])

    assert len({colors[name] for name in names}) == len(names)
    assert colors["Other"] == colors["(none)"] == palette.NEUTRAL


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_colours_are_seen_on_both_backgrounds(mode: str) -> None:
    """Every model's colour keeps its contrast, and the family colours keep theirs apart."""
    background = options("127.0.0.1", 8501)[f"theme.{mode}.backgroundColor"]
    families = [palette.model_color(model) for model in MODELS]

    assert all(contrast(color, background) >= 2.2 for color in palette.every_color())
    assert all(a != b for a, b in combinations(families, 2))


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_is_readable_in_both_modes(mode: str) -> None:
    """WCAG AA for body text and for the coloured words."""
    theme = options("127.0.0.1", 8501)
    background = theme[f"theme.{mode}.backgroundColor"]
    named = ("textColor", "linkColor", "redTextColor", "greenTextColor", "grayTextColor")

    for name in named:
        assert contrast(theme[f"theme.{mode}.{name}"], background) >= 4.5, name


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_long_names_keep_both_ends() -> None:
    """Names of one house differ at the end: legends and axes leave out the middle."""
    drawn = charts.composition(
        [Part("a" * 80, "b", 1.0, "$1.00")], colors={"b": "#123456"}, unit="money"
    )
    axis = drawn.to_dict()["encoding"]["y"]["axis"]

    assert "slice(datum.label, -10)" in axis["labelExpr"]
