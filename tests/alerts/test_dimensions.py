"""Rules by any dimension that queries know, and what becomes of very many groups."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from spanledger_collector.alerts import reading
from spanledger_collector.dimensions import FILTERS
from spanledger_collector.settings import (
    Budget,
    CacheRule,
    CapRule,
    ErrorsRule,
    Rule,
    SpikeRule,
    UnpricedRule,
)
from spanledger_dashboard.catalogue import DIMENSIONS
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    Sink,
    call,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)


def test_a_user_who_spends_more_than_usual(usual: Usual, sink: Sink) -> None:
    """A spike by user is learned call by call; the link shows that user and nobody else."""
    settings = settings_of(
        usual.folder,
        [hook(sink.url)],
        rule=(SpikeRule(name="user-spend", by="user_id"),),
        dashboard_url="https://spend.example.com",
    )
    with watching(settings, usual.clock) as watched:
        assert watched.judge()["firing"] == 0
        send_all(watched.client, [("finder", s) for s in runaway(usual.now, user="ann")])
        watched.judge()
        [message] = sink.wait_for(1)
        told = message.document

        assert (told["alert"]["dimension"], told["alert"]["value"]) == ("user_id", "ann")
        assert told["observed"] > 5 * told["expected"] > 0
        assert parse_qs(urlsplit(told["link"]).query)["user"] == ["ann"]
        assert "user_id" not in {driver["dimension"] for driver in told["drivers"]}


def test_a_user_of_whom_nothing_is_known_is_left_to_the_cap(usual: Usual, sink: Sink) -> None:
    """A new user has no usual spend, but so many dollars in five minutes are too many."""
    rules = (SpikeRule(name="user-spend", by="user_id"), CapRule(name="c", by="user_id", usd=6.0))
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        watched.judge()

        assert [(row["rule"], row["value"]) for row in watched.alerts()] == [("c", "eve")]


@pytest.mark.parametrize("dimension", FILTERS)
def test_every_dimension_makes_groups_and_limits(usual: Usual, dimension: Any) -> None:
    """Spikes, caps and budgets by and within each dimension see exactly those calls."""
    value = {
        "model": "claude-sonnet-4-6",
        "service": "finder",
        "team": "search",
        "feature": "loop",
        "provider": "anthropic",
        "user_id": "eve",
        "outcome": "completed",
        "cost_status": "priced",
    }.get(dimension, "(none)")
    rules = (
        CapRule(name="by", by=dimension, usd=6.0),
        CapRule(name="only", usd=6.0, only={dimension: [value]}),
        CapRule(name="others", usd=6.0, only={dimension: ["nothing of the kind"]}),
        SpikeRule(name="spike", by=dimension),
    )
    budget = Budget(name="b", usd=1000.0, period="day", only={dimension: [value]})
    with watching(settings_of(usual.folder, (), [budget], rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        outcome = watched.judge()
        caps = {
            (row["rule"], row["value"]) for row in watched.alerts() if row["rule_kind"] == "cap"
        }
        [status] = watched.client.query("budgets")
        groups = {row["rule"]: row["judged_groups"] for row in watched.client.query("alert_rules")}

        assert outcome["failed"] == []
        assert caps == {("by", value), ("only", "")}
        assert 20 < float(status["spent_usd"]) < 60
        assert groups["spike"] >= 1


@pytest.mark.parametrize("dimension", FILTERS)
def test_the_link_leads_to_exactly_those_calls(usual: Usual, sink: Sink, dimension: Any) -> None:
    """Whatever an alert is by, the explorer has a filter for it, and the link sets it."""
    settings = settings_of(
        usual.folder,
        [hook(sink.url)],
        rule=(CapRule(name="by", by=dimension, usd=6.0),),
        dashboard_url="https://spend.example.com",
    )
    with watching(settings, usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        watched.judge()
        [message] = sink.wait_for(1)
        link = parse_qs(urlsplit(message.document["link"]).query)
        [name] = [name for name, (column, _) in DIMENSIONS.items() if column == dimension]

        assert link[name] == [message.document["alert"]["value"]]


@pytest.mark.parametrize(
    "rule",
    [
        CacheRule(name="r", by="user_id"),
        ErrorsRule(name="r", by="user_id"),
        UnpricedRule(name="r", by="user_id"),
        ErrorsRule(name="r", by="workspace_id", only={"user_id": ["ann"]}),
    ],
)
def test_shares_by_user(usual: Usual, rule: Rule) -> None:
    """The rules on shares look at users, too."""
    with watching(settings_of(usual.folder, rule=(rule,)), usual.clock) as watched:
        outcome = watched.judge()

        assert (outcome["failed"], outcome["series"]) == ([], 1)


def test_of_too_many_groups_the_dearest_are_judged(
    usual: Usual, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that spent most are judged, the others are counted where people and machines look."""
    monkeypatch.setattr(reading, "MOST_GROUPS", 3)
    rules = (
        SpikeRule(name="spike", by="user_id"),
        CapRule(name="cap", by="user_id", usd=0.5),
        ErrorsRule(name="errors", by="user_id", min_calls=1),
    )
    with watching(settings_of(usual.folder, rule=rules), usual.clock) as watched:
        at = usual.now - timedelta(minutes=2)
        spans = [
            call(
                at - timedelta(hours=back),
                "search",
                feature=user,
                user=user,
                tokens=50_000 + number,
            )
            for number, user in enumerate(f"user-{number}" for number in range(12))
            for back in (0, 2)
        ]
        send_all(watched.client, [("finder", span) for span in spans])
        dear = [call(at, "search", user="late", feature="dear", tokens=190_000)]
        send_all(watched.client, [("finder", span) for span in dear])
        outcome = watched.judge()
        rows = {row["rule"]: row for row in watched.client.query("alert_rules")}
        metrics = watched.client.http.get("/metrics").text

        closed = 12 + 1 + (at.hour != usual.now.hour)  # the last one called within this hour
        assert rows["spike"]["judged_groups"] == 3
        assert rows["spike"]["left_out_groups"] == closed - 3
        assert rows["cap"]["left_out_groups"] == 13 - 3
        assert rows["errors"]["left_out_groups"] >= 13 - 3
        assert outcome["left_out"] == sum(row["left_out_groups"] for row in rows.values())
        assert f'spanledger_alert_groups_left_out{{rule="cap"}} {13 - 3}.0' in metrics
        assert [row["value"] for row in watched.alerts(rule="cap")] == ["late"]
