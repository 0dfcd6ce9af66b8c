"""A budget that each group has for itself: where it stands, who hears of it, and once."""

from __future__ import annotations

import json
from datetime import timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from spanledger_collector.alerts import evaluator, reading
from spanledger_collector.dimensions import FILTERS
from spanledger_collector.settings import Budget
from tests.alerts.conftest import Usual
from tests.alerts.support import Sink, Watched, call, hook, send_all, settings_of, watching
from tests.alerts.test_command import run

TEAMS = Budget(name="teams", usd=20.0, by="team", period="day", forecast=False)
MONDAY = 0


def spend(watched: Watched, usd: float, team: str = "search", user: str = "eve") -> None:
    """Calls worth about so much, just now."""
    now = watched.clock.forward(seconds=30)
    step = timedelta(milliseconds=50)
    calls = [
        call(now - number * step, team, feature=f"f{number}", user=user, tokens=150_000)
        for number in range(round(usd / 0.4515))
    ]
    send_all(watched.client, [("finder", span) for span in calls])


def standing(watched: Watched) -> dict[str, float]:
    """What share each group has used."""
    return {row["value"]: row["used_share"] for row in watched.client.query("budgets")}


def test_each_group_has_the_amount_for_itself(usual: Usual, sink: Sink) -> None:
    """One team is over, the others are not; message, list and query name the team."""
    with watching(settings_of(usual.folder, [hook(sink.url)], [TEAMS]), usual.clock) as watched:
        watched.judge()
        before = standing(watched)
        spend(watched, 40)
        watched.judge()
        [message] = [each.document for each in sink.wait_for(1)]
        after = standing(watched)
        listed = run(watched, "list", "--format", "json").stdout
        [rule] = watched.client.query("alert_rules")
        only = {row["value"]: row["only"] for row in watched.client.query("budgets")}

    assert set(before) == set(after) == {"search", "support"}
    assert after["search"] > 1.9 > 1 > after["support"]
    assert after["support"] == pytest.approx(before["support"], abs=0.01)
    assert message["alert"]["rule"] == "budget:teams"
    assert (message["alert"]["dimension"], message["alert"]["value"]) == ("team", "search")
    assert "budget “teams” of team “search”" in message["title"]
    projection = message["projection"]
    assert (projection["budget"], projection["budget_value"]) == ("teams", "search")
    assert '"search"' in listed
    assert (rule["rule"], rule["rule_kind"], rule["judged_groups"]) == ("budget:teams", "budget", 2)
    assert "burn" not in json.loads(rule["options"])
    assert only["search"] == '{"team":["search"]}'


def test_a_fast_hour_is_told_before_any_threshold(usual: Usual, sink: Sink) -> None:
    """At so many times an even pace, and not below; when the hour is over it recovers."""
    fast = TEAMS.model_copy(update={"usd": 500.0, "period": "month", "burn": 30.0})
    slow = fast.model_copy(update={"name": "slow", "burn": 60.0})
    settings = settings_of(usual.folder, [hook(sink.url)], [fast, slow])
    with watching(settings, usual.clock) as watched:
        watched.judge()
        spend(watched, 28)
        watched.judge()
        [message] = [each.document for each in sink.wait_for(1)]
        watched.clock.forward(minutes=70)
        watched.judge()
        states = {(row["rule"], row["value"]): row["state"] for row in watched.alerts()}

    assert (message["alert"]["rule"], message["alert"]["severity"]) == ("budget:teams", "warning")
    assert "The last hour went far above an even pace." in message["text"]
    assert states == {("budget:teams", "search"): "recovering"}


def test_of_very_many_messages_the_last_are_brief(
    usual: Usual, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drivers and traces are looked up for some; all are told with what they are about."""
    monkeypatch.setattr(evaluator, "MOST_IN_FULL", 1)
    with watching(settings_of(usual.folder, [hook(sink.url)], [TEAMS]), usual.clock) as watched:
        spend(watched, 40)
        spend(watched, 25, team="sales")
        watched.judge()
        told = [each.document for each in sink.wait_for(2)]

    full, brief = sorted(told, key=lambda each: -each["observed"])
    assert (len(full["traces"]), brief["traces"], brief["drivers"]) == (3, [], [])
    assert "budget “teams” of team “sales”" in brief["title"]
    assert float(brief["projection"]["left_usd"]) < 0


@pytest.mark.parametrize("dimension", FILTERS)
def test_by_every_dimension_the_groups_add_up(usual: Usual, dimension: Any) -> None:
    """Whatever it is by, the groups' dollars are those of all calls, later ones included."""
    each = Budget(name="each", usd=1000.0, by=dimension)
    all_ = Budget(name="all", usd=1000.0)
    with watching(settings_of(usual.folder, (), [each, all_]), usual.clock) as watched:
        sums = []
        for later in (0, 3, 70):
            watched.clock.forward(minutes=later)
            spend(watched, 3, user=f"user-{later}")
            assert watched.judge()["failed"] == []
            rows = watched.client.query("budgets")
            whole = sum(float(row["spent_usd"]) for row in rows if row["budget"] == "each")
            sums.append((whole, float(rows[0]["spent_usd"]), rows[0]["budget"]))

    assert [name for _, _, name in sums] == ["all"] * 3
    for whole, expected, _ in sums:
        assert whole == pytest.approx(expected)


def told_of(usual: Usual, sink: Sink, budgets: list[Budget], usd: float) -> list[str]:
    """Whom messages name when the search team spends so much at once; what is held back."""
    channels = [hook(sink.url), hook(sink.url, "team-chat")]
    settings, clock = settings_of(usual.folder, channels, budgets), usual.clock
    today = clock().replace(tzinfo=timezone.utc).astimezone(ZoneInfo(settings.dashboard.time_zone))
    if today.weekday() == MONDAY:  # when a week is no longer than its day
        clock.forward(days=1)
    with watching(settings, clock) as watched:
        spend(watched, usd)
        watched.judge()
        rows = watched.alerts()
    return sorted(f"{row['rule']}{row['value']}" for row in rows if row["told"])


def test_the_whole_tells_for_the_group_that_is_most_of_it(usual: Usual, sink: Sink) -> None:
    """The same dollars are one message, and the team's is held back under the company's."""
    teams = TEAMS.model_copy(update={"usd": 70.0, "thresholds": (0.5,)})
    company = Budget(name="company", usd=60.0, period="day", forecast=False)

    assert told_of(usual, sink, [teams, company], 45) == ["budget:company"]


@pytest.mark.parametrize(
    ("company", "teams"),
    [
        ({"usd": 60.0}, {"usd": 44.0}),
        ({"usd": 60.0, "period": "week"}, {"usd": 70.0}),
        ({"usd": 60.0, "channels": ("hook",)}, {"usd": 70.0, "channels": ("team-chat",)}),
        ({"usd": 60.0, "only": {"team": ["support", "sales"]}}, {"usd": 70.0}),
    ],
    ids=["it stands higher", "another period", "others hear it", "other calls"],
)
def test_a_group_tells_for_itself(
    usual: Usual, sink: Sink, company: dict[str, Any], teams: dict[str, Any]
) -> None:
    """What the wider budget does not say of it, nor to whom, is told."""
    wide = Budget(name="company", **{"period": "day", "forecast": False, **company})
    each = TEAMS.model_copy(update={"thresholds": (0.5,), **teams})

    assert "budget:teamssearch" in told_of(usual, sink, [each, wide], 45)


def test_of_too_many_groups_those_that_spent_most(
    usual: Usual, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dearest groups of the period are judged; how many are left out is told."""
    monkeypatch.setattr(reading, "MOST_GROUPS", 2)
    with watching(
        settings_of(usual.folder, (), [TEAMS.model_copy(update={"usd": 4.0})]), usual.clock
    ) as watched:
        for number in range(4):
            spend(watched, 5 + number, team=f"team-{number}")
        outcome = watched.judge()
        rows = watched.client.query("budgets")
        check = run(watched, "check")
        [rule] = watched.client.query("alert_rules")

    assert [row["value"] for row in rows] == ["team-3", "team-2"]
    assert rule["judged_groups"] == 2
    assert outcome["left_out"] == rule["left_out_groups"] >= 2
    assert "budget:teams judges the 2 groups by team" in check.stderr
    assert check.exit_code == 1
