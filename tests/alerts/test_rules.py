"""Every kind of rule, and budgets, fire on what they are for, through a real collector."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from spanledger import semconv
from spanledger_collector.settings import (
    Budget,
    CacheRule,
    CapRule,
    ErrorsRule,
    SilenceRule,
    UnpricedRule,
)
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    Clock,
    Sink,
    Watched,
    call,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)
from tests.collector.support import Document, call_span

RULES = (
    CapRule(name="runaway", by="service", usd=6.0),
    UnpricedRule(name="unpriced", by="model"),
    CacheRule(name="cache", by="service", floor_usd=0.01),
    ErrorsRule(name="errors", by="service"),
    SilenceRule(name="silence"),
)


@pytest.fixture
def watched(usual: Usual, sink: Sink) -> Iterator[Watched]:
    """A collector with one rule of each kind, at a quiet moment."""
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=RULES), usual.clock) as watched:
        assert watched.judge()["firing"] == 0
        yield watched


def firing(watched: Watched) -> list[tuple[str, str]]:
    """The rules that fire now, each with its group."""
    watched.judge()
    watched.clock.forward(minutes=31)  # half of what settings_of has between two judgements
    watched.judge()
    return [(row["rule"], row["value"]) for row in watched.alerts(state="firing")]


def recent(watched: Watched, count: int, **attributes: object) -> list[Document]:
    """Calls of the last half hour."""
    at = watched.clock.now
    return [
        call_span(
            f"msg_{number}_{sorted(attributes)}",
            start_ns=_ns(at - timedelta(minutes=1, seconds=number)),
            attributes=attributes,
        )
        for number in range(count)
    ]


def _ns(at: Any) -> int:
    return int((at - type(at)(1970, 1, 1)).total_seconds()) * 10**9


def test_a_cap_stops_a_runaway_loop(watched: Watched, sink: Sink) -> None:
    """More than the cap in five minutes: it fires at the first judgement, whatever is usual."""
    send_all(watched.client, [("finder", span) for span in runaway(watched.clock.now)])
    watched.judge()
    [message] = sink.wait_for(1)
    [alert] = watched.alerts()

    assert (alert["rule"], alert["value"], alert["severity"]) == ("runaway", "finder", "critical")
    assert "is the cap" in message.document["text"]
    assert alert["window_end"] > alert["window_start"]


def test_it_began_when_it_began(usual: Usual) -> None:
    """Whatever fires says about when that began, and not when the hour did that was judged."""
    failed = {semconv.OUTCOME: "failed", semconv.ERROR_TYPE: "OverloadedError"}
    unknown = {
        semconv.REQUEST_MODEL: "claude-unheard-of",
        semconv.RESPONSE_MODEL: "claude-unheard-of",
    }
    with watching(settings_of(usual.folder, rule=RULES), usual.clock) as watched:
        began = usual.now - timedelta(minutes=2)
        cached = [
            call(usual.now - timedelta(hours=back, minutes=30), "search", cached=19_000)
            for back in range(7 * 24)
        ]
        uncached = [
            call(began + timedelta(seconds=number), "search", tokens=90_000) for number in range(80)
        ]
        send_all(watched.client, [("cached", span) for span in cached + uncached])
        for service, what in (("failing", failed), ("asking", unknown)):
            calls = [
                call_span(f"msg_{service}_{at}_{number}", start_ns=_ns(at), attributes=attributes)
                for at, attributes in ((usual.now - timedelta(minutes=50), {}), (began, what))
                for number in range(50)
            ]
            send_all(watched.client, [(service, span) for span in calls])
        watched.judge()
        told = {row["rule"]: row["bad_since"].rstrip("Z") for row in watched.alerts()}

    late = {rule: datetime.fromisoformat(at) - began for rule, at in told.items()}
    assert set(late) == {"cache", "errors", "runaway", "unpriced"}
    assert all(timedelta(0) <= each < timedelta(minutes=1) for each in late.values()), late


def test_a_model_without_a_price(watched: Watched) -> None:
    """A call of a model that no book has fires; its dollars are nowhere."""
    unknown = {
        semconv.REQUEST_MODEL: "claude-unheard-of",
        semconv.RESPONSE_MODEL: "claude-unheard-of",
    }
    send_all(watched.client, [("finder", span) for span in recent(watched, 2, **unknown)])

    assert firing(watched) == [("unpriced", "claude-unheard-of")]


def test_a_surge_of_errors(watched: Watched) -> None:
    """Half of the last hour's requests fail, where none does usually."""
    failed = {
        semconv.OUTCOME: "failed",
        semconv.ERROR_TYPE: "OverloadedError",
        semconv.HTTP_STATUS: 529,
        semconv.INPUT_TOKENS: None,
        semconv.OUTPUT_TOKENS: None,
    }
    calls = recent(watched, 30) + recent(watched, 30, **failed)
    send_all(watched.client, [("finder", span) for span in calls])

    assert firing(watched) == [("errors", "finder")]


def test_a_cache_that_serves_no_more(usual: Usual) -> None:
    """For a week nearly all of the prompts came from the cache, now nothing does."""
    with watching(settings_of(usual.folder, rule=RULES), usual.clock) as watched:
        old = [
            call(
                usual.now - timedelta(hours=back, minutes=30), "search", feature="c", cached=19_000
            )
            for back in range(1, 7 * 24)
        ]
        new = [
            call(usual.now - timedelta(minutes=1, seconds=number), "search", feature="c")
            for number in range(80)
        ]
        send_all(watched.client, [("cached", span) for span in old + new])

        assert firing(watched) == [("cache", "cached")]


def test_silence(watched: Watched) -> None:
    """Hours go by without a call, where four came in each: no traffic, or no telemetry."""
    watched.clock.forward(hours=5)
    found = firing(watched)
    [alert] = watched.alerts()

    assert found == [("silence", "")]
    assert alert["verdict"] == "ingest_stopped"


def test_a_budget_rises_step_by_step(usual: Usual, sink: Sink) -> None:
    """Each threshold is told once; the status says what is left."""
    budget = Budget(name="search", usd=30.0, period="day", only={"team": ["search"]})
    settings = settings_of(usual.folder, [hook(sink.url)], [budget])
    begun = usual.now.replace(hour=23, minute=30)  # half past midnight in Berlin, or half past one
    with watching(settings, Clock(begun)) as watched:
        watched.judge()
        for _ in range(2):
            send_all(watched.client, [("finder", s) for s in _dollars(watched, 9)])
            watched.judge()
            watched.judge()
        [status] = watched.client.query("budgets")
        [alert] = watched.alerts()

        assert (status["budget"], status["period"]) == ("search", "day")
        assert 0.5 < status["used_share"] < 0.8
        assert float(status["left_usd"]) == pytest.approx(30 - float(status["spent_usd"]))
        assert alert["rule"] == "budget:search"
        assert alert["observed"] == pytest.approx(float(status["spent_usd"]))

        send_all(watched.client, [("finder", s) for s in _dollars(watched, 20)])
        watched.judge()
        until_told = [each.document for each in sink.wait_for(2)]
        [alert] = watched.alerts()

        assert until_told[-1]["reason"] == "escalated"
        assert until_told[-1]["projection"]["budget"] == "search"
        assert alert["severity"] == "critical"
        assert alert["episode"] == 1


def _dollars(watched: Watched, usd: float) -> list[Document]:
    """Calls worth about so much, just now."""
    start = watched.clock.forward(seconds=10)
    count = round(usd / 0.4515)
    return [
        call(
            start - timedelta(milliseconds=50 * number),
            "search",
            feature=f"{number}",
            tokens=150_000,
        )
        for number in range(count)
    ]


def test_rules_in_force_are_listed(watched: Watched) -> None:
    """The query shows each rule with its groups, filters and other keys."""
    rows = {row["rule"]: row for row in watched.client.query("alert_rules")}

    assert set(rows) == {rule.name for rule in RULES}
    assert rows["runaway"]["dimension"] == "service"
    assert rows["runaway"]["channels"] == ["hook"]
    assert rows["runaway"]["options"] == '{"usd":6.0,"minutes":5,"floor_usd":1.0}'
    assert rows["runaway"]["from_settings"] is True
