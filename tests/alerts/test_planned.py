"""Planned work neither fires nor teaches; and what feedback does to what is usual."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from spanledger_collector.alerts.alert import Key
from spanledger_collector.alerts.planned import Plan
from spanledger_collector.alerts.reading import Reader, epoch
from spanledger_collector.alerts.unplanned import Unplanned
from spanledger_collector.settings import (
    Budget,
    CapRule,
    ErrorsRule,
    Planned,
    SettingsError,
    SilenceRule,
    SpikeRule,
    load_settings,
)
from spanledger_collector.store.duckdb import DuckDBStore
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
from tests.alerts.test_command import run

BERLIN = ZoneInfo("Europe/Berlin")
SPEND = SpikeRule(name="spend")
RULES = (
    SPEND,
    SpikeRule(name="team-spend", by="team"),
    SpikeRule(name="service-spend", by="service"),
    CapRule(name="runaway", by="service", usd=6.0),
    ErrorsRule(name="errors", by="service"),
)


def load_test(now: datetime, **keys: Any) -> Planned:
    """Half an hour of planned work that ends in a minute."""
    start, end = (
        (now + timedelta(minutes=minutes)).replace(tzinfo=timezone.utc) for minutes in (-29, 1)
    )
    return Planned(name="load-test", start=start, end=end, **keys)


def nightly(start: str, end: str, **keys: Any) -> Planned:
    """Planned work at the same hours again and again."""
    return Planned.model_validate({"name": "nightly", "start": start, "end": end, **keys})


def loop(watched: Watched, team: str = "finder", **keys: Any) -> None:
    send_all(watched.client, [(team, span) for span in runaway(watched.clock.now, **keys)])


@pytest.mark.parametrize("only", [{}, {"team": ["search"]}, {"feature": ["loop"]}])
def test_what_was_planned_does_not_fire(usual: Usual, sink: Sink, only: Any) -> None:
    """Neither for the group that it is about, nor for wider ones; the budget counts it."""
    plan = load_test(usual.now, only=only)
    budget = Budget(name="all", usd=1000.0)
    settings = settings_of(usual.folder, [hook(sink.url)], [budget], rule=RULES, planned=(plan,))
    with watching(settings, usual.clock) as watched:
        loop(watched)
        outcome = watched.judge()
        [status] = watched.client.query("budgets")

        assert (outcome["firing"], outcome["pending"], outcome["failed"]) == (0, 0, [])
        assert float(status["spent_usd"]) > 20


def test_what_others_do_meanwhile_fires(usual: Usual, sink: Sink) -> None:
    """A loop of another team during a team's load test is no part of it."""
    plan = load_test(usual.now, only={"team": ["support"]})
    settings = settings_of(usual.folder, [hook(sink.url)], rule=RULES, planned=(plan,))
    with watching(settings, usual.clock) as watched:
        loop(watched)
        watched.judge()

        assert {row["rule"] for row in watched.alerts()} >= {"spend", "team-spend", "runaway"}


def test_what_is_planned_again_and_again_is_no_example(usual: Usual) -> None:
    """An hour each night is unknown for the team, and less that team's calls for all."""
    hour = (usual.now - timedelta(hours=3)).hour
    start, end = f"{hour:02}:00:00", f"{(hour + 1) % 24:02}:00:00"
    hourly = nightly(start, end, time_zone="UTC", only={"team": ["search"]})
    with watching(settings_of(usual.folder), usual.clock) as watched:
        watched.judge()  # whoever asks sees all that was sent
    store = DuckDBStore(usual.folder)
    try:
        unplanned = Unplanned(store, Plan([hourly], BERLIN))
        end_hour = epoch(usual.now) // 3600
        teams = unplanned.hours({}, "team", end_hour, 240)
        whole = unplanned.hours({}, "none", end_hour, 240)
        plain = Reader(store).hours({}, "none", end_hour, 240)
        services = unplanned.hours({}, "service", end_hour, 240)
    finally:
        store.close()

    planned = (teams.start_hour + np.arange(240)) % 24 == hour
    search, support = (teams.names.index(name) for name in ("search", "support"))
    assert np.isnan(teams.measures["usd"][search]).tolist() == planned.tolist()
    assert not np.isnan(teams.measures["usd"][support]).any()
    assert np.isnan(services.measures["usd"][services.names.index("finder")]).sum() == 10
    assert np.allclose(whole.measures["calls"][0, planned], 2)
    assert np.allclose(
        whole.measures["usd"][0, ~planned], plain.measures["usd"][0, ~planned], equal_nan=True
    )


def test_silence_that_was_planned(usual: Usual) -> None:
    """No call for hours of a migration is no silence; the hours after it are."""
    start = usual.now.replace(tzinfo=timezone.utc)
    plan = Planned(name="migration", start=start, end=start + timedelta(hours=5))
    rules = (SilenceRule(name="silence"),)
    settings = settings_of(usual.folder, rule=rules, planned=(plan,))
    with watching(settings, usual.clock) as watched:
        watched.clock.forward(hours=4, minutes=50)
        watched.judge()
        watched.clock.forward(minutes=20)
        watched.judge()
        quiet = watched.alerts()
        watched.clock.forward(hours=5)
        watched.judge()

        assert quiet == []
        assert [row["rule"] for row in watched.alerts()] == ["silence"]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 2), ("2026-03-30", 3), ("2026-10-25", 4), ("2026-10-26", 3)]
)
def test_planned_hours_follow_the_clock(day: str, hours: int) -> None:
    """From one to four at night is two hours when clocks go forward, four when they go back."""
    plan = Plan([nightly("01:00:00", "04:00:00")], BERLIN)
    midnight = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    first = int(midnight.timestamp())
    [found] = plan.between(first, first + 20 * 3600)

    assert found.last - found.first == hours * 3600
    assert datetime.fromtimestamp(found.first, BERLIN).hour == 1


def test_days_are_those_on_which_it_begins() -> None:
    """A night from Saturday to Sunday begins on Saturday, in its own zone."""
    planned = nightly("22:00:00", "02:00:00", days=["sat"], time_zone="America/New_York")
    first = int(datetime(2026, 11, 1, tzinfo=timezone.utc).timestamp())
    found = Plan([planned], BERLIN).between(first, first + 28 * 86_400)
    zone = ZoneInfo("America/New_York")

    begun = [datetime.fromtimestamp(each.first, zone) for each in found]
    assert {(at.strftime("%a"), at.hour) for at in begun} == {("Sat", 22)}
    assert [(each.last - each.first) // 3600 for each in found] == [5, 4, 4, 4]  # clocks go back


def test_planned_work_is_shown(usual: Usual) -> None:
    """The query has what was and what is to come."""
    now = usual.now
    plans = (
        load_test(now, only={"team": ["search"]}),
        Planned(
            name="later",
            start=now + timedelta(hours=5),
            end=now + timedelta(hours=6),
            time_zone="UTC",
        ),
    )
    with watching(settings_of(usual.folder, planned=plans), usual.clock) as watched:
        at = now + timedelta(days=1)
        rows = watched.client.query("planned", end=at.isoformat() + "Z")

        assert [row["planned"] for row in rows] == ["load-test", "later"]
        assert rows[0]["only"] == '{"team":["search"]}'
        assert rows[1]["planned_start"] == (now + timedelta(hours=5)).isoformat() + "Z"


def test_list_tells_what_is_planned_now(usual: Usual) -> None:
    """Whoever sees that nothing fires sees why."""
    now = datetime.now(timezone.utc)
    plan = Planned(name="migration", start=now - timedelta(hours=1), end=now + timedelta(hours=1))
    with watching(settings_of(usual.folder, planned=(plan,)), usual.clock) as watched:
        listed = run(watched, "list")

        assert "Planned: migration, all calls," in listed.stderr


@pytest.mark.parametrize(
    ("feedback", "is_example"),
    [(None, False), ("real", False), ("planned", False), ("expected", True)],
)
def test_what_feedback_does_to_what_is_usual(
    usual: Usual, feedback: str | None, is_example: bool
) -> None:
    """What was real or planned is no example for good, what was expected is one from now on."""
    with watching(settings_of(usual.folder, rule=(SPEND,)), usual.clock) as watched:
        loop(watched)
        watched.judge()
        [alert] = watched.alerts()
        if feedback is not None:
            watched.post(f"{alert['alert_id']}/feedback", feedback=feedback)
        watched.post(f"{alert['alert_id']}/resolve")
    store = DuckDBStore(usual.folder)
    try:
        found = Reader(store).intervals(usual.now + timedelta(hours=1))
    finally:
        store.close()

    assert (found == {}) is is_example
    if not is_example:
        [(first, last)] = found[Key("spend")]
        assert first <= epoch(usual.now) - 600
        assert last == epoch(usual.now)


@pytest.mark.parametrize(("feedback", "days"), [(None, 7), ("real", 14), ("planned", 14)])
def test_a_new_level_is_learned_unless_somebody_objects(
    usual: Usual, feedback: str | None, days: int
) -> None:
    """An alert that fires for two weeks: after one its hours teach, unless a person said no."""
    with watching(settings_of(usual.folder, rule=(SPEND,)), usual.clock) as watched:
        loop(watched)
        watched.judge()
        [alert] = watched.alerts()
        if feedback is not None:
            watched.post(f"{alert['alert_id']}/feedback", feedback=feedback)
    store = DuckDBStore(usual.folder)
    try:
        [(first, last)] = Reader(store).intervals(usual.now + timedelta(days=14))[Key("spend")]
    finally:
        store.close()

    assert round((last - first) / 86_400) == days


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start = 2026-12-01T20:00:00\nend = 2026-12-01T19:00:00\n", "'p' ends before it starts"),
        ("start = 2026-12-01T20:00:00\nend = 22:00:00\n", "two instants, or two times of day"),
        ('start = "soon"\nend = 22:00:00\n', "line 3: alerts.planned start = 'soon' is neither"),
        ("start = 20:00:00\nend = 20:00:00\n", "ends at the time of day at which it starts"),
        ('start = 2026-12-01\nend = 2026-12-02\ndays = ["mon"]\n', "which go with times of day"),
        ('start = 20:00:00\nend = 22:00:00\ndays = ["monday"]\n', "line 5: alerts.planned days"),
        ('start = 20:00:00\nend = 22:00:00\nonly = {colour = "red"}\n', "line 5: alerts.planned"),
        ('start = 20:00:00\nend = 22:00:00\ntime_zone = "Mars"\n', "line 5: alerts.planned time_"),
        ("start = 20:00:00\n", "this [[alerts.planned]] lacks the key 'end'."),
        ("begin = 20:00:00\nend = 22:00:00\n", "[[alerts.planned]] has no key 'begin'."),
    ],
)
def test_what_makes_no_plan_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """One sentence: where it stands, what stands there, what should."""
    file = tmp_path / "spanledger.toml"
    file.write_text('[[alerts.planned]]\nname = "p"\n' + text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(file)

    assert said in str(caught.value)
    assert str(file) in str(caught.value)
