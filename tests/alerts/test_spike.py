"""A spike from the first call to the message that it is over, through a real collector."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from spanledger_collector.alerts.webhook import signature
from spanledger_collector.settings import SpikeRule
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    SECRET,
    SECRET_VARIABLE,
    Sink,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)
from tests.collector.support import Document

PAGE = (Path(__file__).parents[2] / "docs" / "alerting.md").read_text(encoding="utf-8")
SPEND = SpikeRule(name="spend")
TEAM = SpikeRule(name="team-spend", by="team")


def documented(told: Document) -> set[str]:
    """Fields of a webhook's document, those within others too, that docs/alerting.md lacks."""
    table = PAGE[PAGE.index("The body's fields") : PAGE.index("## For programs")]
    inner = [told[name] for name in ("alert", "window", "projection")] + told["drivers"]
    fields = set(told).union(*inner)
    return fields - set(re.findall(r"`(\w+)`", table))


def test_usual_spend_says_nothing(usual: Usual, sink: Sink) -> None:
    """Three quiet weeks, judged: every group is looked at and nothing fires."""
    rules = (SPEND, TEAM, SpikeRule(name="service-spend", by="service"))
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        outcome = watched.judge()

        assert (outcome["series"], outcome["firing"], outcome["told"]) == (5, 0, 0)
        assert watched.alerts() == []


def test_a_spike_is_told_once_and_says_why(
    usual: Usual, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message, signed, with the driver, the range, the link and the traces; then its end."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    channel = hook(sink.url, secret_env=SECRET_VARIABLE)
    settings = settings_of(
        usual.folder, [channel], rule=(SPEND, TEAM), dashboard_url="https://spend.example.com"
    )
    clock = usual.clock
    with watching(settings, clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        watched.judge()
        [message] = sink.wait_for(1)
        for _ in range(3):
            clock.forward(minutes=1)
            watched.judge()
        [alert] = watched.alerts(rule="spend")

        told = message.document
        driver = told["drivers"][0]
        link = parse_qs(urlsplit(told["link"]).query)
        timestamp = int(message.headers["x-spanledger-timestamp"])
        assert (told["reason"], told["alert"]["severity"]) == ("opened", "critical")
        assert told["observed"] > 5 * told["expected"] > 0
        assert told["expected_low"] < told["expected"] < told["expected_high"]
        assert {each["value"] for each in told["drivers"]} >= {"eve", "loop"}
        assert driver["share"] > 0.9
        assert float(driver["volume_usd"]) == pytest.approx(float(driver["difference_usd"]))
        assert len(told["traces"]) == 3
        for trace, url in zip(told["traces"], told["trace_links"], strict=True):
            assert url.startswith(f"https://spend.example.com/traces?trace={trace}&at=20")
            assert url in told["text"]
        assert documented(told) == set()
        assert float(told["projection"]["month_usd"]) >= float(told["projection"]["day_usd"])
        assert link["range"] == ["custom"]
        for end, name in (("start", "from"), ("end", "to")):
            assert link[name] == [told["window"][end].replace(":00Z", "Z")]
        assert link["by"] == ["user"]
        assert told["alert_link"] == f"https://spend.example.com/alerts?alert={alert['alert_id']}"
        assert told["prices_version"]
        assert told["priced_share"] == 1.0
        assert "“eve”" in told["text"]
        assert message.headers["idempotency-key"] == told["id"]
        assert message.headers["x-spanledger-signature"] == signature(
            SECRET, timestamp, message.body
        )
        assert (alert["state"], alert["told"], alert["unsent"]) == ("firing", 1, 0)

        clock.forward(hours=26)
        watched.judge()
        clock.forward(hours=3)
        watched.judge()
        sink.wait_for(2)

        assert sink.reasons == ["opened", "resolved"]
        assert watched.events(rule="spend") == [
            "pending",
            "fired",
            "told",
            "recovering",
            "resolved",
            "told",
        ]


def test_what_another_tells_is_held_back(usual: Usual, sink: Sink) -> None:
    """Organisation, team and service spike by the same calls: one message, and all three fire."""
    rules = (SPEND, TEAM, SpikeRule(name="service-spend", by="service"))
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        outcome = watched.judge()
        sink.wait_for(1)
        parents = {row["rule"]: row["parent_id"] for row in watched.alerts()}
        [spend] = watched.alerts(rule="spend")

        assert (outcome["firing"], outcome["told"]) == (3, 1)
        assert parents == {
            "spend": None,
            "team-spend": spend["alert_id"],
            "service-spend": spend["alert_id"],
        }


def test_who_has_a_channel_of_their_own_is_told(usual: Usual, sink: Sink) -> None:
    """The team's chat does not hear what the organisation's alert tells, so it is told, too."""
    channels = [hook(sink.url, "ops"), hook(sink.url, "team-chat")]
    rules = (
        SPEND.model_copy(update={"channels": ("ops",)}),
        TEAM.model_copy(update={"channels": ("team-chat",)}),
    )
    with watching(settings_of(usual.folder, channels, rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        outcome = watched.judge()
        told = {each.document["alert"]["rule"] for each in sink.wait_for(2)}

    assert outcome["told"] == 2
    assert told == {"spend", "team-spend"}


def test_what_comes_late_is_judged(usual: Usual, sink: Sink) -> None:
    """Calls of five hours ago that arrive now fire now, and the message says when it began."""
    late = usual.now - timedelta(hours=5)
    settings = settings_of(usual.folder, [hook(sink.url)], rule=(SPEND,))
    with watching(settings, usual.clock) as watched:
        assert watched.judge()["firing"] == 0
        send_all(watched.client, [("finder", span) for span in runaway(late)])
        watched.judge()
        [alert] = watched.alerts()

        began = alert["bad_since"]
        earliest = (late - timedelta(minutes=30)).isoformat()
        assert earliest <= began.rstrip("Z") <= late.isoformat()
