"""`spanledger alerts …` against a running collector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from spanledger_collector.cli.app import app
from spanledger_collector.settings import SpikeRule
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    Sink,
    Watched,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)


@pytest.fixture
def watched(usual: Usual, sink: Sink, tmp_path: Path) -> Iterator[Watched]:
    """A collector with one rule and one channel, at a quiet moment."""
    rules = (SpikeRule(name="spend"),)
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        yield watched


def run(watched: Watched, *arguments: str) -> Result:
    url = str(watched.client.http.base_url)
    return CliRunner(env={"COLUMNS": "250"}).invoke(app, ["alerts", *arguments, "--url", url])


def test_from_the_first_look_to_the_end(watched: Watched, sink: Sink) -> None:
    """`check` is 0 in quiet times and 1 while it fires; the alert is shown, taken on and ended."""
    quiet = run(watched, "check", "--now")
    send_all(watched.client, [("finder", span) for span in runaway(watched.clock.now)])
    loud = run(watched, "check", "--now")
    info = run(watched, "check", "--severity", "critical")
    listed = json.loads(run(watched, "list", "--format", "json").stdout)
    alert = listed[0]["alert_id"][:6]
    acked = run(watched, "ack", alert, "--note", "on it")
    snoozed = run(watched, "snooze", alert, "--hours", "2")
    ended = run(watched, "resolve", alert, "--feedback", "expected")
    [row] = watched.alerts()

    assert (quiet.exit_code, loud.exit_code, info.exit_code) == (0, 1, 1)
    assert "Nothing fires." in quiet.stderr
    assert "spend is above the usual" in loud.stdout
    assert [each.exit_code for each in (acked, snoozed, ended)] == [0, 0, 0]
    assert (row["state"], row["feedback"]) == ("resolved", "expected")
    assert row["acked_by"] == row["snoozed_by"] != "somebody"
    assert run(watched, "check").exit_code == 0
    assert "resolved" in run(watched, "list", "--all").stdout


def test_the_list_says_who_tells_what(usual: Usual, sink: Sink) -> None:
    """Dollars as dollars, the group by name, what is held back with the alert that tells it."""
    rules = (SpikeRule(name="spend"), SpikeRule(name="team-spend", by="team"))
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        watched.judge()
        alerts = {row["rule"]: row for row in watched.alerts()}
        run(watched, "ack", alerts["spend"]["alert_id"])
        told = run(watched, "list").stdout

        line = next(each for each in told.splitlines() if "team-spend" in each)
        assert "search" in line
        assert f"told by {alerts['spend']['alert_id'][:8]}" in line
        assert f"${alerts['team-spend']['observed']:,.2f}" in line
        assert "firing, acknowledged" in told


def test_what_is_over_still_takes_feedback(watched: Watched, sink: Sink) -> None:
    """Somebody finds out a day later that it had been planned."""
    send_all(watched.client, [("finder", span) for span in runaway(watched.clock.now)])
    watched.judge()
    [alert] = watched.alerts()
    ended = run(watched, "resolve", alert["alert_id"])
    noted = run(watched, "resolve", alert["alert_id"], "--feedback", "planned")
    again = run(watched, "resolve", alert["alert_id"])
    [after] = watched.alerts()

    assert (ended.exit_code, noted.exit_code, again.exit_code) == (0, 0, 2)
    assert "noted as planned" in noted.stderr
    assert "is over since" in again.stderr
    assert after["feedback"] == "planned"


def test_channels_and_rules_are_tried_out(watched: Watched, sink: Sink) -> None:
    """`test` tells each channel; `backtest` prints what a rule would have told."""
    send_all(watched.client, [("finder", span) for span in runaway(watched.clock.now)])
    watched.clock.forward(minutes=30)
    tested = run(watched, "test")
    sink.refuse_with = 403
    failed = run(watched, "test", "--channel", "hook")
    tried = run(watched, "backtest", "spend", "--days", "2")
    made_up = run(
        watched,
        "backtest",
        "--rule",
        '{"kind": "spike", "by": "team"}',
        "-f",
        "json",
        "--days",
        "2",
    )

    assert (tested.exit_code, "hook: sent" in tested.stderr) == (0, True)
    assert (failed.exit_code, "hook: it answers 403" in failed.stderr) == (1, True)
    assert "1 alert and 1 message in 2 days, over 1 group" in tried.stderr
    assert "opened" in tried.stdout
    assert "all calls: spend is above the usual" in tried.stdout
    assert [each["value"] for each in json.loads(made_up.stdout)["episodes"]] == ["search"]


def test_what_is_asked_wrongly_ends_with_2(watched: Watched) -> None:
    """One paragraph says what to write instead."""
    wrong = (
        (("ack", "nobody"), "no alert"),
        (("resolve", ""), "The id is empty"),
        (("snooze", "nobody", "--hours", "inf"), "8784"),
        (("check", "--severity", "loud"), "one of info, warning, critical"),
        (("backtest",), "Name a rule"),
        (("backtest", "--rule", "[]"), "must be a JSON object"),
        (("backtest", "nobody"), "one of spend"),
        (("test", "--channel", "nobody"), "there are: hook"),
    )
    for arguments, said in wrong:
        result = run(watched, *arguments)
        assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
