"""Budgets burn down step by step; alerts and rules are told in words."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import altair as alt
import pytest

from spanledger_dashboard import alert_words, burn, charts_alerts
from spanledger_dashboard.alerting import Alert, Budget, Rule, families
from spanledger_dashboard.charts_alerts import Episode
from spanledger_dashboard.forecast import Habit

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 11, tzinfo=timezone.utc)
STEADY = Habit(10.0, (1.0,) * 7, 2.0, 28)


def budget(**facts: Any) -> Budget:
    """$300 for November in Berlin, $200 of it spent by the 20th, heading for $310."""
    told: dict[str, Any] = {
        "name": "all",
        "period": "month",
        "start": datetime(2026, 11, 1, tzinfo=BERLIN),
        "end": datetime(2026, 12, 1, tzinfo=BERLIN),
        "as_of": NOW,
        "usd": Decimal(300),
        "spent_usd": Decimal(200),
        "used": 2 / 3,
        "forecast_usd": Decimal(310),
        "run_out_at": datetime(2026, 11, 29, tzinfo=timezone.utc),
        "thresholds": (0.5, 1.0),
        "only": (),
        **facts,
    }
    return Budget(**told, left_usd=told["usd"] - told["spent_usd"])


def of(points: list[burn.Point], series: str) -> list[burn.Point]:
    return [point for point in points if point.series == series]


def test_what_is_left_ends_where_the_budget_stands() -> None:
    """Day by day, and today as of now; the even pace reaches nothing on the last day."""
    spent = {datetime(2026, 11, day): Decimal(10) for day in range(1, 20)}
    burnt = burn.burn_down(budget(), spent, STEADY, BERLIN)
    left, even = of(burnt.points, burn.LEFT), of(burnt.points, burn.EVEN)

    assert (burnt.steps[0], burnt.steps[-1], len(burnt.steps)) == ("1 Nov", "30 Nov", 30)
    assert [point.value for point in left[:2]] == [290.0, 280.0]
    assert (left[-1].bucket, left[-1].text) == ("20 Nov", "$100.00 left")
    assert [even[0].value, even[-1].value] == [290.0, 0.0]


def test_the_forecast_is_the_collectors_and_has_a_band() -> None:
    """It goes on from what is left to where the collector expects the end, wider and wider."""
    burnt = burn.burn_down(budget(), {}, STEADY, BERLIN)
    ahead = of(burnt.points, burn.AHEAD)
    widths = [(point.high or 0) - (point.low or 0) for point in ahead]

    assert ahead[0].value == 100.0
    assert ahead[-1].value == pytest.approx(-10.0)
    assert ahead[-1].text == "$10.00 over"
    assert widths == sorted(widths)
    assert burnt.low is not None
    assert burnt.high is not None
    assert Decimal(200) <= burnt.low < 310 < burnt.high


def test_weekdays_carry_their_weight() -> None:
    """A Sunday on which nothing is ever spent burns nothing."""
    usual = Habit(10.0, (1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0), 1.0, 28)
    ahead = of(burn.burn_down(budget(), {}, usual, BERLIN).points, burn.AHEAD)
    values = {point.bucket: point.value for point in ahead}

    assert values["21 Nov"] == values["22 Nov"] == 100.0
    assert values["23 Nov"] < 100.0


def test_without_a_forecast_there_is_none() -> None:
    """A young period, a young ledger: no line and no band is made up."""
    young = burn.burn_down(budget(forecast_usd=None), {}, STEADY, BERLIN)
    unknown = burn.burn_down(budget(), {}, None, BERLIN)

    assert not of(young.points, burn.AHEAD)
    assert unknown.high is None
    assert all(point.low is None for point in of(unknown.points, burn.AHEAD)[1:])


def test_a_day_burns_by_the_hour() -> None:
    """With its hours in local time."""
    start = datetime(2026, 11, 20, tzinfo=BERLIN)
    today = budget(period="day", start=start, end=start + timedelta(days=1))
    burnt = burn.burn_down(today, {}, None, BERLIN)

    assert (burnt.steps[0], len(burnt.steps)) == ("00:00", 24)
    assert of(burnt.points, burn.LEFT)[-1].bucket == "12:00"


def test_the_budget_that_ends_first_binds() -> None:
    """Overspent ones before those that will be; none where all last."""
    fine = budget(name="fine", forecast_usd=Decimal(299))
    soon = budget(name="soon")
    over = budget(name="over", spent_usd=Decimal(301))

    assert alert_words.binding([fine]) is None
    assert alert_words.binding([fine, soon]) is soon
    assert alert_words.binding([soon, over, fine]) is over


def spec(chart: alt.Chart | alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    with alt.data_transformers.enable("default"):
        drawn: dict[str, Any] = chart.to_dict()
    return drawn


def test_the_burn_chart_has_a_band_and_a_zero() -> None:
    """Every step on its axis, whatever has no value yet."""
    burnt = burn.burn_down(budget(), {}, STEADY, BERLIN)
    drawn = spec(charts_alerts.burn_chart(burnt))

    assert [layer["mark"]["type"] for layer in drawn["layer"]] == ["area", "rule", "line", "point"]
    assert drawn["layer"][2]["encoding"]["x"]["scale"]["domain"] == burnt.steps


def test_episodes_stay_within_their_range() -> None:
    """What began before or still runs is cut at the edges; a severity has its colour."""
    start, end = datetime(2026, 11, 19), datetime(2026, 11, 20)
    episodes = [
        Episode("a", start - timedelta(days=1), start + timedelta(hours=6), "critical", "", False),
        Episode("b", end - timedelta(hours=1), end + timedelta(hours=5), "info", "", True),
    ]
    drawn = spec(charts_alerts.episodes_chart(episodes, start, end))
    rows = next(iter(drawn["datasets"].values()))

    assert [(row["from"], row["to"]) for row in rows] == [(0.0, 6.0), (23.0, 24.0)]
    axis = drawn["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == [0, 6, 12, 18, 24]
    assert '"18": "18:00"' in axis["labelExpr"]


def alert(**facts: Any) -> Alert:
    told: dict[str, Any] = {
        "id": "1", "rule": "spend", "kind": "spike", "dimension": "team", "value": "search",
        "state": "firing", "severity": "warning", "pending_since": NOW, "fired_at": NOW,
        "resolved_at": None, "bad_since": NOW, "window_start": NOW - timedelta(hours=6),
        "window_end": NOW, "observed": 40.0, "expected": 10.0, "low": 5.0, "high": 15.0,
        "unit": "usd", "excess_usd": Decimal(30), "peak_usd": Decimal(30), "told": 1,
        "acked_at": None, "acked_by": None, "snoozed_until": None, "snoozed_by": None,
        "feedback": None, "title": None, "message": {}, "unsent": 0, "send_error": None,
        "parent_id": None, **facts,
    }  # fmt: skip
    return Alert(**told)


def test_alerts_in_words() -> None:
    """Whom, what, how much against what, and who drives it."""
    driver = {
        "dimension": "user_id", "value": "u-1", "difference_usd": "24.00", "share": 0.8,
        "volume_usd": "20.00", "tokens_usd": "1.00", "price_usd": "0", "cache_usd": "3.00",
        "mix_usd": "0", "search_usd": "0",
    }  # fmt: skip
    driven = alert(message={"drivers": [driver]})

    assert alert_words.headline(driven) == "Team search: spend is above the usual"
    assert (
        alert_words.compared(driven) == "$40.00 in 6 h against $10.00 as usual ($5.00 to $15.00"
        " in nine of ten)"
    )
    assert alert_words.causes(driven) == "user u-1 makes up 80.0% of it (+$24.00): more calls"
    assert alert_words.drivers(driven)[0]["More calls"] == 20.0
    assert alert_words.causes(alert()) == ""


def test_what_another_alert_tells_stands_with_it() -> None:
    """Under the one that tells it, however far up; alone once that one is over."""
    all_calls, team = alert(id="all"), alert(id="team", parent_id="all")
    service, other = alert(id="service", parent_id="team"), alert(id="other", parent_id="over")

    assert families([service, team, all_calls, other]) == [
        (all_calls, [service, team]),
        (other, []),
    ]


@pytest.mark.parametrize(
    ("kind", "unit", "observed", "expected", "words"),
    [
        ("cap", "usd", 8.0, 4.0, "$8.00 in 6 h, the cap is $4.00"),
        ("budget", "usd", 8.0, 5.0, "$8.00 of $5.00"),
        ("errors", "share", 0.25, 0.01, "25.0% in 6 h against 1.0% as usual"),
        ("silence", "minutes", 90.0, 15.0, "1 h 30 min against 15 min 0 s as usual"),
        ("unpriced", "calls", 1.0, None, "1 call in 6 h"),
    ],
)
def test_each_kind_has_its_unit(
    kind: str, unit: str, observed: float, expected: float | None, words: str
) -> None:
    """Dollars, shares, minutes, calls."""
    told = alert(kind=kind, unit=unit, observed=observed, expected=expected, low=None, high=None)

    assert alert_words.compared(told) == words


def test_the_dearest_of_the_most_severe_is_first() -> None:
    """Whenever they began; warnings come after, however dear."""
    cents, dollars = (
        alert(id=f"{usd}", severity="critical", excess_usd=Decimal(usd)) for usd in ("0.1", "45")
    )
    warning = alert(id="w", severity="warning", excess_usd=Decimal(400))

    assert [top.id for top, _ in families([cents, dollars, warning])] == ["45", "0.1", "w"]


def test_a_link_leads_to_the_slice() -> None:
    """The very window, the group, what the rule counts, and the measure that it looks at."""
    start = datetime(2026, 11, 19, 23, 30, 7, tzinfo=timezone.utc)
    late = alert(window_start=start, window_end=start + timedelta(hours=1), kind="errors")
    link = alert_words.slice_link(late, {"environment": ["production"]})

    assert link == {
        "range": "custom",
        "from": "2026-11-19T23:30:07Z",
        "to": "2026-11-20T00:30:07Z",
        "by": "service",
        "measure": "error_share",
        "environment": ["production"],
        "team": ["search"],
    }


@pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
def test_a_rule_can_be_copied_into_the_settings() -> None:
    """What is shown is TOML, with names that hold quotes, too."""
    import tomllib

    only = {"team": ['r&d "x"', "search"]}
    rule = Rule(
        "runaway", "cap", "service", "critical", only, (), {"usd": 50.0, "minutes": 5}, False
    )
    fields = alert_words.rule_fields(rule, {"usd": 20.0})

    assert tomllib.loads(alert_words.as_toml(fields))["alerts"]["rule"] == [fields]
    assert fields["usd"] == 20.0
