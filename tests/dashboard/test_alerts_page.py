"""Budgets & alerts: what fires, what is left, what happened, and what a person does about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from streamlit.testing.v1 import AppTest

from spanledger_collector.server import running_collector
from spanledger_collector.settings import load_settings
from tests.alerts.support import Sink
from tests.dashboard.conftest import Collecting, Opening
from tests.dashboard.support import MILLION, Reported, noon_zone, report

PAGE = "views/alerts.py"
_SETTINGS = """
[collector]
port = 0
grpc_port = "off"
[store]
path = "{path}"
[dashboard]
time_zone = "{zone}"
[[budgets]]
name = "all-calls"
usd = 1000
[[budgets]]
name = "payments"
usd = 5
only = {{team = "payments"}}
[[budgets]]
name = "teams"
usd = 1000
by = "team"
[[alerts.planned]]
name = "nightly-batch"
start = 01:00:00
end = 02:00:00
only = {{team = "batch"}}
[[alerts.rule]]
name = "runaway"
kind = "cap"
by = "service"
usd = 4
minutes = 5
"""


def settings_text(folder: Path) -> str:
    """Settings of a collector in whose zone neither the day nor the month ends meanwhile."""
    return _SETTINGS.format(path=folder / "ledger", zone=noon_zone())


@contextmanager
def watched(folder: Path) -> Iterator[str]:
    """A collector with two budgets and a cap of $4 in five minutes for each service."""
    file = folder / "spanledger.toml"
    file.write_text(settings_text(folder), encoding="utf-8")
    with running_collector(load_settings(file)) as collector:
        yield collector.url


@pytest.fixture(scope="module")
def firing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """$8 of one service in a minute: its cap and its team's budget fire."""
    with watched(tmp_path_factory.mktemp("firing")) as url:
        report(url, [Reported(timedelta(seconds=20), input_tokens=8 * MILLION)])
        report(url, [Reported(timedelta(days=20), service="search", team="discovery")])
        report(url, [Reported(timedelta(days=2), model="claude-unheard-of", team="discovery")])
        judge(url)
        judge(url)
        yield url


def judge(url: str) -> None:
    httpx2.post(f"{url}/api/v1/alerts/evaluate", json={}).raise_for_status()


def rows(url: str, query: str, **params: Any) -> list[dict[str, Any]]:
    answer = httpx2.get(f"{url}/api/v1/query/{query}", params=params).raise_for_status()
    found: list[dict[str, Any]] = answer.json()["rows"]
    return found


def alert_of(url: str, kind: str) -> dict[str, Any]:
    return next(row for row in rows(url, "alerts") if row["rule_kind"] == kind)


def texts(app: AppTest) -> str:
    told = [*app.markdown, *app.caption, *app.subheader, *app.info, *app.error, *app.code]
    return "\n".join(element.value for element in told).replace("\\", "")


def links(app: AppTest) -> dict[str, str]:
    pages = [element.proto for element in app.get("page_link")]
    return {page.label.replace("\\", ""): page.query_string for page in pages}


def metrics(app: AppTest) -> dict[str, tuple[str, str]]:
    return {
        each.label: (each.value.replace("\\", ""), each.proto.delta_description)
        for each in app.metric
    }


def press(app: AppTest, label: str) -> AppTest:
    return next(button for button in app.button if button.label == label).click().run()


def test_what_fires_is_told_first(firing: str, open_app: Opening) -> None:
    """Each alert with what was seen, against what, since when, and where to look."""
    app = open_app(firing, PAGE)
    told = texts(app)

    assert not app.exception
    assert metrics(app)["Firing now"] == ("2", "2 fired in the last 7 days")
    assert "Service checkout: spend runs away" in told
    assert "**$8.00 in 5 min, the cap is $4.00** · $4.00 beyond" in told
    assert "Budget payments" in told
    assert "by=" in links(app)["These calls in the explorer"]
    assert "alert=" in links(app)["Details"]


def test_budgets_say_which_one_binds(firing: str, open_app: Opening) -> None:
    """The overspent one; each with what is spent, left and ahead, and a chart with words."""
    app = open_app(firing, PAGE)

    assert "**payments** is what binds: it is overspent by $3.00" in texts(app)
    assert metrics(app)["Spent (USD)"][0] == "$8.00"
    assert metrics(app)["Left (USD)"][0] == "-$3.00"
    words = [chart.proto.alt for chart in app.get("vega_lite_chart")]
    assert any("What is left of the budget payments: -$3.00 of $5.00" in each for each in words)
    assert any("2 alerts in time" in each for each in words)


def test_a_budget_of_each_group_is_a_table(firing: str, open_app: Opening) -> None:
    """One card for all teams, the fullest first, and one rule among the others."""
    app = open_app(firing, PAGE)
    tables = [table.value for table in app.dataframe]
    teams = next(table for table in tables if "Left (USD)" in table)
    rules = next(table for table in tables if "Fires when" in table)

    assert "**teams: $1,000.00 a month for each team**" in texts(app)
    assert list(teams["Team"]) == ["payments", "discovery"]
    assert teams["Spent (USD)"][0] == pytest.approx(8.0)
    assert teams["Used"][0] == pytest.approx(0.8)
    assert metrics(app)["Rules in force"] == ("8", "and 3 budgets")
    assert rules[rules["Rule"] == "teams"].iloc[0]["For each"] == "team"


def test_every_change_and_every_rule_is_listed(firing: str, open_app: Opening) -> None:
    """What happened, newest first, and the rules with whom they tell."""
    app = open_app(firing, PAGE)
    tables = [table.value for table in app.dataframe]
    changes = next(table for table in tables if "What" in table)
    rules = next(table for table in tables if "Fires when" in table)

    assert "fired" in set(changes["What"])
    assert "runaway · service checkout" in set(changes["Alert"])
    own = rules[rules["Rule"] == "runaway"].iloc[0]
    assert (own["For each"], own["From"], own["Tells"]) == ("service", "your settings", "nobody")
    assert "No channel is named" in texts(app)


def test_planned_work_is_on_the_timeline(firing: str, open_app: Opening) -> None:
    """A row for what was planned, with words on what that means."""
    app = open_app(firing, PAGE)
    drawn = "".join(str(chart.proto) for chart in app.get("vega_lite_chart"))

    assert not app.exception
    assert "Calls of planned work do not fire" in texts(app)
    assert "nightly-batch" in drawn


def test_an_alert_is_a_link(firing: str, open_app: Opening) -> None:
    """`?alert=ID`, as messages have it: numbers, message, history."""
    alert = alert_of(firing, "cap")
    app = open_app(firing, PAGE, alert=alert["alert_id"])

    assert not app.exception
    assert metrics(app)["Seen in 5 min"] == ("$8.00", "2.0 times the expected")
    assert metrics(app)["Expected"] == ("$4.00", "the limit")
    assert "Rule runaway" in texts(app)
    history = app.dataframe[-1].value
    assert list(history["What"])[-1] == "looks bad"
    assert "service=checkout" in links(app)["These calls in the explorer"]


def test_an_unknown_alert_is_named(firing: str, open_app: Opening) -> None:
    """Old links end in a sentence, not in a failure."""
    app = open_app(firing, PAGE, alert="nothing")

    assert "There is no alert with the id nothing" in texts(app)


def test_a_person_takes_an_alert_on(tmp_path: Path, open_app: Opening) -> None:
    """Acknowledge, snooze, say what it was, resolve: each is in the ledger, by whom."""
    with watched(tmp_path) as url:
        report(url, [Reported(timedelta(seconds=20), input_tokens=8 * MILLION)])
        judge(url)
        judge(url)
        alert = alert_of(url, "cap")["alert_id"]
        app = open_app(url, PAGE, alert=alert)

        app = press(app, "Acknowledge")
        assert "acknowledged by dashboard" in texts(app)
        app = press(app, "For 4 hours")
        assert "snoozed until" in texts(app)
        app = press(app, "It was planned")
        assert "It was planned." in texts(app)
        app = press(app, "Resolve")

        events = rows(url, "alert_events", alert_id=alert)
        assert "resolved" in texts(app)
        assert not [button for button in app.button if button.label == "Resolve"]
    mine = [row["event"] for row in events if row["actor"] == "dashboard"]
    assert mine == ["resolved", "feedback", "snoozed", "acked"]


def test_what_the_collector_refuses_is_told(tmp_path: Path, open_app: Opening) -> None:
    """An alert that ended meanwhile cannot be snoozed; nothing changed, and the page says so."""
    with watched(tmp_path) as url:
        report(url, [Reported(timedelta(seconds=20), input_tokens=8 * MILLION)])
        judge(url)
        judge(url)
        alert = alert_of(url, "cap")["alert_id"]
        app = open_app(url, PAGE, alert=alert)
        httpx2.post(f"{url}/api/v1/alerts/{alert}/resolve", json={}).raise_for_status()
        app = press(app, "For a day")

    assert not app.exception
    assert "Nothing changed." in texts(app)


def test_a_rule_is_tried_on_history(firing: str, open_app: Opening) -> None:
    """With the value of a field: from one unpriced call on it would have fired, from five not."""
    app = open_app(firing, PAGE)
    app.selectbox(key="try_rule").select("unpriced")
    app.selectbox(key="try_days").select(3)
    app = press(app.run(), "Try it")
    caught = texts(app)
    app.number_input(key="try_unpriced_min_calls").set_value(5)
    app = press(app.run(), "Try it")

    assert not app.exception
    assert "In the last 3 days it would have fired **1 alert**" in caught
    assert "it would have fired **0 alerts** and sent **0 messages**" in texts(app)
    toml = next(code.value for code in app.code if "[[alerts.rule]]" in code.value)
    assert "min_calls = 5" in toml
    assert 'by = "model"' in toml


def test_nothing_fires_and_no_budget(collector: Collecting, open_app: Opening) -> None:
    """The page says so, how to set a budget, and which rules watch."""
    with collector() as url:
        report(url, [Reported(timedelta(seconds=20))])
        judge(url)
        app = open_app(url, PAGE)

    told = texts(app)
    assert not app.exception
    assert "Nothing fires." in told
    assert "No budget is set" in told
    assert "[[budgets]]" in told
    assert "No alert fired" in told
    assert metrics(app)["Rules in force"] == ("8", "and 0 budgets")


def test_a_token_of_one_team_does_not_see_alerts(tmp_path: Path, open_app: Opening) -> None:
    """Alerts are the whole ledger's: the page says that the token is refused, and stands."""
    file = tmp_path / "spanledger.toml"
    tokens = '[[collector.tokens]]\ntoken = "team-secret"\nteam = "payments"\nscope = "read"\n'
    file.write_text(
        settings_text(tmp_path).replace(
            'grpc_port = "off"', 'grpc_port = "off"\ntoken = "admin-secret"'
        )
        + tokens,
        encoding="utf-8",
    )
    with running_collector(load_settings(file)) as collector:
        report(collector.url, [Reported(timedelta(seconds=20))], token="admin-secret")
        app = open_app(collector.url, PAGE, token="team-secret")

    assert not app.exception
    assert "refused the dashboard's token" in "\n".join(each.value for each in app.warning)


def test_channels_are_tested_by_a_button(tmp_path: Path, open_app: Opening) -> None:
    """A webhook that takes it is told so, one that is down by what it did."""
    sink = Sink()
    file = tmp_path / "spanledger.toml"
    down = "http://127.0.0.1:9/hook"
    channels = "".join(
        f'[[alerts.channels]]\nname = "{name}"\nwebhook = "{url}"\nallow_private = true\n'
        "allow_http = true\n"
        for name, url in (("ops", sink.url), ("gone", down))
    )
    file.write_text(settings_text(tmp_path) + channels, encoding="utf-8")
    with running_collector(load_settings(file)) as collector:
        report(collector.url, [Reported(timedelta(seconds=20))])
        app = press(open_app(collector.url, PAGE).run(), "Send a test message")
    sink.close()

    assert not app.exception
    assert [each.value for each in app.success] == ["ops: it was taken."]
    assert any(each.value.startswith("gone: ") for each in app.error)
    assert sink.reasons == ["test"]
