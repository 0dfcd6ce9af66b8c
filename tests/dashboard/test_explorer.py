"""The cost explorer answers exactly the question in the URL."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Collecting, Opening
from tests.dashboard.support import MILLION, Reported, labelled, report

EXPLORER = "views/explorer.py"


def headline(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_the_default_view_is_seven_days_by_model(known_calls: str, open_app: Opening) -> None:
    """With the sum, what it lacks, and the seven days before."""
    app = open_app(known_calls, EXPLORER)

    assert not app.exception
    assert headline(app)["Cost (USD) + 1 unpriced call"] == r"\$8.00"
    assert app.metric[0].proto.delta_description == "vs $8.00"
    assert list(app.dataframe[0].value["Model"]) == [
        "claude-haiku-4-5-20251001",
        "claude-unheard-of",
    ]


def test_two_groups_make_a_table_that_adds_up(known_calls: str, open_app: Opening) -> None:
    """Shares are of the whole; changes are against the range before."""
    app = open_app(known_calls, EXPLORER, by="team", then="service")

    table = app.dataframe[0].value
    rows = list(zip(table["Team"], table["Service"], table["Cost"], table["Change"], strict=True))
    assert rows[:2] == [("payments", "checkout", 6.0, 6.0), ("discovery", "search", 2.0, 2.0)]
    assert ("legal", "checkout", 0.0, -8.0) in rows
    assert round(float(table["Share"].sum()), 6) == 100.0
    words = [chart.proto.alt for chart in app.get("vega_lite_chart")]
    assert words[1] == "Cost (USD) by team and service"
    assert words[2].startswith("What changed by team: no change, $8.00 as before; legal -$8.00")


def test_a_link_opens_its_filters(known_calls: str, open_app: Opening) -> None:
    """Several values of several dimensions, also of one that has no value at all."""
    app = open_app(
        known_calls, EXPLORER, team=["payments", "(none)"], service=["search"], by="team"
    )

    assert labelled(app.multiselect, "Team").value == ["payments", "(none)"]
    assert list(app.dataframe[0].value["Team"]) == ["(none)"]
    assert headline(app)["Calls"] == "1"
    assert any(
        r"Only service search; team payments or \(none\)" in caption.value
        for caption in app.caption
    )


def test_a_filter_value_unknown_to_the_range_is_kept(known_calls: str, open_app: Opening) -> None:
    """Dropping it would show more than the link says."""
    app = open_app(known_calls, EXPLORER, model=["claude-never-called"])

    assert labelled(app.multiselect, "Model").value == ["claude-never-called"]
    assert "No call matches these filters" in app.info[0].value
    assert not app.metric


def test_users_can_be_filtered_and_grouped(known_calls: str, open_app: Opening) -> None:
    """Although the hourly sums do not know users."""
    app = open_app(known_calls, EXPLORER, user=["u-2"], by="user", range="today")

    assert list(app.dataframe[0].value["User"]) == ["u-2"]
    assert headline(app)["Cost (USD)"] == r"\$3.00"


def test_choosing_a_measure_changes_chart_and_table(known_calls: str, open_app: Opening) -> None:
    """A share is not added up, so it has no share of its own."""
    app = open_app(known_calls, EXPLORER)
    labelled(app.selectbox, "Measure").select("cache_hit").run()

    table = app.dataframe[0].value
    assert not app.exception
    assert "Share" not in table.columns
    assert round(table["Cache-hit share"][0], 1) == 66.7
    assert app.get("vega_lite_chart")[0].proto.alt.startswith("Cache-hit share by day and model")


def test_a_range_without_a_call_says_so(known_calls: str, open_app: Opening) -> None:
    """With the range it looked at."""
    app = open_app(
        known_calls, EXPLORER, range="custom", **{"from": "2020-01-01", "to": "2020-01-03"}
    )

    assert "Wed 1 Jan 2020 to Fri 3 Jan 2020" in app.info[0].value


def test_an_open_custom_range_is_the_default(known_calls: str, open_app: Opening) -> None:
    """Until both days are chosen."""
    app = open_app(known_calls, EXPLORER, range="custom")

    assert not app.exception
    assert headline(app)["Cost (USD) + 1 unpriced call"] == r"\$8.00"


def test_nonsense_in_a_link_falls_back_to_the_defaults(known_calls: str, open_app: Opening) -> None:
    """A link from a later version still opens."""
    app = open_app(
        known_calls, EXPLORER, range="Eternity", by="Mood", measure="Joy", bucket="Second"
    )

    assert not app.exception
    assert headline(app)["Cost (USD) + 1 unpriced call"] == r"\$8.00"


def test_reset_looks_at_everything_again(known_calls: str, open_app: Opening) -> None:
    """All dimensions at once."""
    app = open_app(known_calls, EXPLORER, team=["discovery"])
    assert headline(app)["Cost (USD)"] == r"\$2.00"

    next(button for button in app.button if button.label == "Reset filters").click().run()

    assert headline(app)["Cost (USD) + 1 unpriced call"] == r"\$8.00"


def test_many_groups_are_all_in_the_sums(collector: Collecting, open_app: Opening) -> None:
    """Twelve users: eight have a colour, the rest are together, the table has every one."""
    with collector() as url:
        report(
            url,
            [
                Reported(
                    timedelta(seconds=9), user=f"user-{number:02}", input_tokens=number * MILLION
                )
                for number in range(1, 13)
            ],
        )
        app = open_app(url, EXPLORER, by="user", range="today")

    assert headline(app)["Cost (USD)"] == r"\$78.00"
    assert len(app.dataframe[0].value) == 12
    drawn = app.get("vega_lite_chart")[0].proto.spec
    assert '"Other"' in drawn
    assert '"user-12"' in drawn
    assert '"user-01"' not in drawn


def test_hostile_names_are_shown_as_they_are(collector: Collecting, open_app: Opening) -> None:
    """Names come from anyone who may send spans."""
    name = '![p](http://elsewhere.example/p.png) <script>alert(1)</script> ${x} "}'
    with collector() as url:
        report(url, [Reported(timedelta(seconds=9), service=name, team=name)])
        app = open_app(url, EXPLORER, by="service", then="team", service=[name])
        overview = open_app(url)

    assert not app.exception
    assert not overview.exception
    assert list(app.dataframe[0].value["Service"]) == [name]
    told = [
        element.value for element in [*app.markdown, *app.caption] if "here.ex" in element.value
    ]
    assert all(r"\!\[p\]\(http\://elsewhere\.example" in text for text in told)


def test_what_changed_follows_the_first_group_and_the_filters(
    known_calls: str, open_app: Opening
) -> None:
    """With the way to the slice and to its traces, which keep what is chosen."""
    app = open_app(known_calls, EXPLORER, by="service", team=["payments"])

    assert app.get("vega_lite_chart")[-1].proto.alt == (
        "What changed by service: +$6.00, from $0.00 to $6.00; checkout +$6.00 new"
    )
    ways = {link.proto.label: link.proto.query_string for link in app.get("page_link")}
    assert ways["Explore"] == "team=payments&by=feature&service=checkout"
    assert ways["Traces"] == "team=payments&show=traces&service=checkout"


def test_saved_views_stand_in_the_sidebar(
    known_calls: str, open_app: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is the whole link, also with several values, and its name is only text."""
    views = [{"name": "R&D *now*", "page": "explorer", "query": "team=r%26d&team=x&by=model"}]
    monkeypatch.setenv("SPANLEDGER_DASHBOARD__VIEWS", json.dumps(views))

    app = open_app(known_calls, EXPLORER, range="30d")

    (view,) = (link.proto for link in app.get("page_link") if link.proto.icon.endswith("bookmark:"))
    assert view.label == r"R\&D \*now\*"
    assert view.query_string == "team=r%26d&team=x&by=model"
