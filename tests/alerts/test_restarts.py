"""A collector that is restarted again and again goes on where it was; unseen time is not good."""

from __future__ import annotations

import pytest

from spanledger_collector.settings import CapRule, Settings, SpikeRule
from tests.alerts.conftest import Usual
from tests.alerts.support import Clock, Sink, hook, runaway, send_all, settings_of, watching


@pytest.fixture
def spent(usual: Usual) -> Usual:
    """The usual ledger, and a loop that began twenty minutes ago."""
    with watching(settings_of(usual.folder), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
    return usual


def watched_for(settings: Settings, clock: Clock, minutes: int) -> str:
    """A collector starts, judges now and after so many minutes, and stops; the alert's state."""
    with watching(settings, clock) as watched:
        watched.judge()
        clock.forward(minutes=minutes)
        watched.judge()
        [alert] = watched.alerts()
        return str(alert["state"])


def test_restarts_do_not_keep_an_alert_from_its_end(spent: Usual, sink: Sink) -> None:
    """Restarted every half hour, a spike is over after two hours of good, and told once."""
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(SpikeRule(name="spend"),))
    clock = spent.clock
    begun = watched_for(settings, clock, 0)
    clock.forward(hours=25)
    states = [watched_for(settings, clock, 30) for _ in range(4)]

    sink.wait_for(2)
    assert begun == "firing"
    assert states == ["recovering"] * 3 + ["resolved"]
    assert sink.reasons == ["opened", "resolved"]


def test_time_between_runs_is_no_recovery(spent: Usual, sink: Sink) -> None:
    """Away for five hours each time, only the half hour in which it was seen good counts."""
    cap = CapRule(name="cap", usd=5.0)
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(cap,))
    clock = spent.clock
    watched_for(settings, clock, 0)
    states = []
    for _ in range(3):
        clock.forward(hours=5)
        states.append(watched_for(settings, clock, 10))

    sink.wait_for(2)
    assert states == ["recovering", "recovering", "resolved"]
    assert sink.reasons == ["opened", "resolved"]


def test_two_judges_by_turns_end_it_once(usual: Usual, sink: Sink) -> None:
    """Whichever of two collectors judges, the recovery is one, and so is each message."""
    pytest.importorskip(
        "duckdb_extension_ducklake", reason="two collectors share a lake, and never a file"
    )
    cap = CapRule(name="cap", usd=5.0)
    settings = settings_of(usual.folder, [hook(sink.url)], rule=(cap,), interval_s=300.0)
    clock = usual.clock
    with watching(settings, clock) as one, watching(settings, clock) as other:
        send_all(one.client, [("finder", span) for span in runaway(usual.now)])
        for judge in (one, other):
            judge.judge()
        clock.forward(hours=2)
        for judge in (one, other, one):
            judge.judge()
            clock.forward(minutes=10)
        [before] = other.alerts()
        for judge in (one, other):
            judge.judge()
        [after] = one.alerts()

    sink.wait_for(2)
    assert (before["state"], after["state"]) == ("recovering", "resolved")
    assert sink.reasons == ["opened", "resolved"]
