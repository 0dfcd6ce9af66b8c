"""While the ledger is away nobody knows anything: nothing ends, nothing is told twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest
from prometheus_client import CollectorRegistry

from spanledger_collector.alerts.metrics import AlertMetrics
from spanledger_collector.alerts.service import Alerting, Wanted
from spanledger_collector.app import Collector
from spanledger_collector.settings import CapRule, Settings, SpikeRule
from spanledger_collector.store import StoreUnavailable
from spanledger_collector.store.duckdb import DATABASE_NAME, DuckDBStore
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    Clock,
    Sink,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)
from tests.alerts.test_command import run
from tests.conftest import PATIENCE_S

SPEND = SpikeRule(name="spend")
BROKEN = """
create or replace macro calls_of(t0, t1, a, b, c, d, e, f, g, h, i, j) as table
select rowid as row_id, *
from calls
where start_time >= t0 and start_time < t1 and error('the disk has a bad block') is null
"""
"""What spikes are judged by, and caps are not."""


class Judging:
    """A collector's alerts on a store that a test may close under them."""

    def __init__(self, store: DuckDBStore, collector: Collector, clock: Clock) -> None:
        self.store = store
        self.writer = collector.writer
        self.alerting: Alerting = collector.alerting
        self.clock = clock
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(AlertMetrics(self.alerting))

    def judge(self) -> Any:
        outcome = self.alerting.watch.judge()
        self.alerting.courier.deliver()
        return outcome

    def metric(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(name, labels)

    def trouble(self) -> str | None:
        return self.alerting.watch.judgements.trouble(self.clock.now)

    def states(self) -> list[str]:
        sql = "select state from alerts order by rule, episode"
        return [row["state"] for row in self.store.query().run(sql, {}, 100).table.to_pylist()]


@contextmanager
def judging(settings: Settings, clock: Clock) -> Iterator[Judging]:
    assert settings.store.path is not None
    store = DuckDBStore(settings.store.path)
    collector = Collector(store, settings.collector, None, Wanted.of(settings), clock)
    collector.writer.start()
    try:
        yield Judging(store, collector, clock)
    finally:
        collector.close()
        store.close()


@pytest.fixture
def spent(usual: Usual) -> Usual:
    """The usual ledger, and a loop that began twenty minutes ago."""
    with watching(settings_of(usual.folder), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
    return usual


def test_an_alert_outlives_the_ledgers_absence(spent: Usual, sink: Sink) -> None:
    """Judgements fail and say so; once the ledger is back it still fires, and was told once."""
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(SPEND,), interval_s=60.0)
    with judging(settings, spent.clock) as here:
        here.judge()
        here.store.close()
        for _ in range(3):
            here.clock.forward(minutes=2)
            with pytest.raises(StoreUnavailable):
                here.judge()
        away = here.trouble()
        failures = here.metric("spanledger_alert_judgement_failures_total")
        here.store.reopen()
        outcome = here.judge()

        assert away is not None
        assert "Rules are not judged (the last at" in away
        assert failures == 3
        assert (outcome.firing, outcome.told, here.trouble()) == (1, 0, None)
        assert (here.states(), sink.reasons) == (["firing"], ["opened"])


def test_what_nobody_saw_was_not_good(spent: Usual, sink: Sink) -> None:
    """Hours without a judgement are no recovery; two watched ones are, and are told once."""
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(SPEND,))
    with judging(settings, spent.clock) as here:
        here.judge()
        here.clock.forward(hours=25)
        here.judge()
        begun = here.states()
        here.store.close()
        here.clock.forward(hours=4)
        with pytest.raises(StoreUnavailable):
            here.judge()
        here.store.reopen()
        here.judge()
        back = here.states()
        for _ in range(3):
            here.clock.forward(hours=1)
            here.judge()

        assert (begun, back, here.states()) == (["recovering"], ["recovering"], ["resolved"])
        assert sink.reasons == ["opened", "resolved"]


def test_a_ledger_that_answers_late_is_told_and_changes_nothing(spent: Usual, sink: Sink) -> None:
    """While a judgement waits it is told that nobody knows; then it counts, once."""
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(SPEND,), interval_s=60.0)
    with judging(settings, spent.clock) as here:
        here.alerting.watch.judgements.begin(here.clock.now)
        held, busy = threading.Event(), threading.Event()

        def hold() -> None:
            busy.set()
            assert held.wait(PATIENCE_S)

        here.writer.run(hold)
        assert busy.wait(PATIENCE_S)
        judge = threading.Thread(target=here.judge)
        judge.start()
        here.clock.forward(minutes=10)
        late = here.trouble()
        held.set()
        judge.join(PATIENCE_S)
        here.clock.forward(minutes=-10)
        here.judge()

        assert late is not None
        assert "takes too long" in late
        assert here.trouble() is None
        assert (here.states(), sink.reasons) == (["firing"], ["opened"])


def test_one_broken_rule_breaks_no_other(spent: Usual, sink: Sink) -> None:
    """A rule whose question fails keeps its alerts as they are, says why, and the rest go on."""
    cap = CapRule(name="cap", usd=5.0)
    settings = settings_of(spent.folder, [hook(sink.url)], rule=(SPEND, cap))
    with judging(settings, spent.clock) as here:
        here.judge()
        opened = here.states()
    with duckdb.connect(spent.folder / DATABASE_NAME) as database:
        database.execute(BROKEN)
    with watching(settings, spent.clock) as watched:
        watched.clock.forward(hours=2)
        outcome = watched.judge()
        rows = {row["rule"]: row for row in watched.client.query("alert_rules")}
        states = {row["rule"]: row["state"] for row in watched.alerts()}
        checked = run(watched, "check", "--severity", "critical")
        metrics = watched.client.http.get("/metrics").text

        assert opened == ["firing", "firing"]
        assert outcome["failed"] == ["spend"]
        assert "bad block" in rows["spend"]["trouble"]
        assert rows["cap"]["trouble"] is None
        assert states == {"spend": "firing", "cap": "recovering"}
        assert "spend: It could not be judged" in checked.stderr
        assert 'spanledger_alert_rule_failed{rule="spend"} 1.0' in metrics


def test_check_knows_that_nobody_knows(usual: Usual) -> None:
    """Nothing fires as far as is known, but a rule is broken: 3, not 0; nor without a collector."""
    with duckdb.connect(usual.folder / DATABASE_NAME) as database:
        database.execute(BROKEN)
    rules = (SPEND, CapRule(name="cap", usd=5.0))
    with watching(settings_of(usual.folder, rule=rules), usual.clock) as watched:
        watched.judge()
        broken = run(watched, "check")
    gone = run(watched, "check")
    listed = run(watched, "list")

    assert (broken.exit_code, "Nothing fires" in broken.stderr) == (3, False)
    assert (gone.exit_code, listed.exit_code) == (3, 1)
    assert "does not answer" in gone.stderr


def test_switched_off_nobody_knows_and_nobody_is_told(spent: Usual, sink: Sink) -> None:
    """Without a rule in force `check` ends with 3; what fired is closed without a word."""
    channels, rules = [hook(sink.url)], (SPEND,)
    with watching(settings_of(spent.folder, channels, rule=rules), spent.clock) as watched:
        watched.judge()
        sink.wait_for(1)
    off = settings_of(spent.folder, channels, rule=rules, enabled=False)
    with watching(off, spent.clock) as watched:
        watched.judge()
        checked = run(watched, "check")
        [alert] = watched.alerts()

    assert (alert["state"], alert["unsent"]) == ("resolved", 0)
    assert checked.exit_code == 3
    assert "No rule is in force" in checked.stderr
    assert sink.reasons == ["opened"]


def test_hours_in_which_nobody_judged_are_not_free(usual: Usual) -> None:
    """Of a window that lies in such hours nothing is known; a quiet hour is known."""
    settings = settings_of(usual.folder, rule=(SPEND,))
    with judging(settings, usual.clock) as here:
        here.judge()
        here.clock.forward(hours=30)
        here.judge()
        reader = here.alerting.reader
        recent = reader.recent({}, "none", here.clock.now, [""])

        unknown = int((recent.usd != recent.usd).sum())
        assert 12 * 23 <= unknown <= 12 * 24
