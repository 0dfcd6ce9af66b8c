"""The demo's agent runs away: within two minutes a message says who it is."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import pytest

from spanledger_collector.server import running_collector
from spanledger_collector.settings import CapRule, SpikeRule
from spanledger_demo.live import RUNAWAY, RUNAWAY_RATE, live
from spanledger_demo.run import backfill, demo_simulator
from tests.alerts.support import Sink, hook, settings_of, until
from tests.collector.support import Client, Document

RULES = (
    SpikeRule(name="spend"),
    CapRule(name="runaway", by="service", usd=20.0),
)
_LONGEST_S = 300.0
"""At the hours of yesterday's runaway, the second one has to cost more than that one did."""


def _told(sink: Sink, rule: str) -> Document | None:
    documents = [each.document for each in sink.received]
    return next((each for each in documents if each["alert"]["rule"] == rule), None)


@pytest.mark.timeout(900)
def test_the_runaway_is_told_and_named(tmp_path: Path) -> None:
    """Both the cap and the spike name the service, the feature and the user that caused it."""
    sink = Sink()
    settings = settings_of(tmp_path, [hook(sink.url)], interval_s=5.0, rule=RULES)
    with demo_simulator() as simulator, running_collector(settings) as collector:
        backfill(collector.url, None, simulator, days=30)
        began = datetime.now(timezone.utc)
        with live(collector.url, None, simulator.url, runaway_s=_LONGEST_S):
            until(lambda: _told(sink, "runaway") is not None, _LONGEST_S)
            until(lambda: _told(sink, "spend") is not None, _LONGEST_S)
        client = Client(collector.url)
        calls = client.query("latest_calls", service=RUNAWAY, feature="repo-migration", limit=1000)
        client.close()
    sink.close()
    cap, spend = _told(sink, "runaway"), _told(sink, "spend")
    assert cap is not None
    assert spend is not None

    assert cap["alert"]["value"] == RUNAWAY
    for told in (cap, spend):
        named = {driver["value"] for driver in told["drivers"]}
        assert {"developer-2", "repo-migration"} <= named
    came = [_at(row["start_time"]) for row in calls if _at(row["start_time"]) >= began]
    fired = _at(cap["alert"]["fired_at"])
    assert 0 < sum(at < fired for at in came) <= 120 * RUNAWAY_RATE
    assert began <= fired


def _at(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp.replace("Z", "+00:00"))
