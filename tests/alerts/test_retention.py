"""Alerts that are over go after their time, with what belongs to them; nothing else does."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest

from spanledger_collector.alerts.alert import Alert, Finding, Key
from spanledger_collector.alerts.ledger import Send, Settled, newest_alerts, notes_of, settled_rows
from spanledger_collector.alerts.lifecycle import Action, Policy, Step, act, step
from spanledger_collector.settings import CapRule, Settings
from spanledger_collector.store import Store
from spanledger_collector.store.duckdb import DuckDBStore, Keep, retention
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    EVER,
    Clock,
    Sink,
    hook,
    runaway,
    send_all,
    settings_of,
    until,
    watching,
)
from tests.collector.support import Document

NOW = datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
POLICY = Policy(pending_s=0, remind_s=86_400)
TABLES = {
    "alerts": "alert_id",
    "alert_events": "alert_id, revision, number",
    "alert_outbox": "send_id",
}


def finding(group: str, *, bad: bool) -> Finding:
    return Finding(
        key=Key("spend", "team", group),
        kind="spike",
        bad=bad,
        severe=True,
        severity="critical",
        level=2,
        window_start=NOW - HOUR,
        window_end=NOW,
        observed=9.0,
        expected=1.0,
        expected_low=None,
        expected_high=None,
        unit="usd",
        excess_usd=Decimal(8),
        reason="spike_1h",
        keep_s=60.0,
    )


class History:
    """What judges and people did to alerts, entered as it happened.

    Args:
        store: where.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._number = count()
        self._newest: dict[str, Alert] = {}

    def judge(self, group: str, age: timedelta, *, bad: bool, sent: str = "sent") -> Alert:
        """A judgement of a group so long ago, and what came of the message if there was one."""
        taken = step(self._newest.get(group), finding(group, bad=bad), NOW - age, POLICY)
        assert taken is not None
        return self._enter(taken, age, sent)

    def act(self, group: str, age: timedelta, action: Action) -> Alert:
        """Something that a person did so long ago."""
        return self._enter(act(self._newest[group], action, NOW - age), age, "sent")

    def episode(self, group: str, age: timedelta, sent: str = "sent") -> Alert:
        """An alert that fired and was over within hours."""
        self.judge(group, age + 2 * HOUR, bad=True)
        self.judge(group, age + HOUR, bad=False)
        return self.judge(group, age, bad=False, sent=sent)

    def _enter(self, taken: Step, age: timedelta, sent: str) -> Alert:
        alert, at = taken.alert, NOW - age
        sends = [] if taken.tell is None else [self._send(alert, taken.tell, at, sent)]
        notes = notes_of([(alert, taken.based_on)], taken.events, sends)
        assert not self._store.note_alerts(notes)
        self._newest[alert.value] = alert
        return alert

    def _send(self, alert: Alert, reason: str, at: datetime, state: str) -> Send:
        name = f"{alert.value}-{next(self._number):03}-{reason}"
        return Send(name, alert.alert_id, "hook", reason, "{}", at, state, 1, at)


def rows(store: Store, table: str) -> list[Document]:
    sql = f"select * from {table} order by {TABLES[table]}"
    found: list[Document] = store.query().run(sql, {}, 100_000).table.to_pylist()
    return found


def everything(store: Store) -> dict[str, list[Document]]:
    return {table: rows(store, table) for table in TABLES}


def without(held: dict[str, list[Document]], alert_ids: set[str]) -> dict[str, list[Document]]:
    """The same without what belongs to some alerts."""
    return {
        table: [row for row in found if row["alert_id"] not in alert_ids]
        for table, found in held.items()
    }


def let_go(store: Store) -> None:
    while store.tidy():
        pass


def test_what_is_over_goes_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    """Events and messages too; what was over a day later stays, row by row as it was."""
    store = DuckDBStore(tmp_path)
    history = History(store)
    old = {history.episode("old", days * DAY).alert_id for days in (450, 402)}
    old.add(history.episode("given-up", 420 * DAY, sent="given_up").alert_id)
    history.episode("young", 398 * DAY)
    history.episode("new", DAY)
    before = everything(store)
    let_go(store)

    assert len(old) == 3
    assert everything(store) == without(before, old)
    assert {row["value"] for row in rows(store, "alerts")} == {"young", "new"}
    assert store.tidy() is False
    store.close()


def test_what_is_not_over_stays_however_old(tmp_path: Path) -> None:
    """Firing, acknowledged, snoozed, pending and recovering ones, and all that happened to them."""
    store = DuckDBStore(tmp_path)
    history = History(store)
    for group in ("firing", "acked", "snoozed", "recovering"):
        history.judge(group, 500 * DAY, bad=True)
    history.act("acked", 499 * DAY, Action("ack", "ann"))
    history.act("snoozed", 499 * DAY, Action("snooze", "ann", hours=24))
    history.judge("recovering", 499 * DAY, bad=False)
    patient = step(
        None,
        finding("pending", bad=True)._replace(severe=False),
        NOW - 500 * DAY,
        POLICY._replace(pending_s=60),
    )
    assert patient is not None
    store.note_alerts(notes_of([(patient.alert, 0)], patient.events, []))
    before = everything(store)
    let_go(store)

    assert {row["state"] for row in before["alerts"]} == {"firing", "pending", "recovering"}
    assert {table: everything(store)[table] for table in ("alerts", "alert_events")} == {
        table: before[table] for table in ("alerts", "alert_events")
    }
    store.close()


def test_of_what_fires_on_old_messages_go(tmp_path: Path) -> None:
    """Those delivered or given up beyond the time, and none that waits."""
    store = DuckDBStore(tmp_path)
    history = History(store)
    history.judge("firing", 500 * DAY, bad=True)
    history.judge("firing", 450 * DAY, bad=True, sent="given_up")
    history.judge("firing", 399 * DAY, bad=True)
    history.judge("waits", 450 * DAY, bad=True, sent="waiting")
    before = everything(store)
    let_go(store)
    after = everything(store)

    assert [row["send_id"] for row in before["alert_outbox"]] == [
        "firing-000-opened",
        "firing-001-reminder",
        "firing-002-reminder",
        "waits-003-opened",
    ]
    assert after["alert_outbox"] == before["alert_outbox"][2:]
    assert after["alerts"] == before["alerts"]
    assert after["alert_events"] == before["alert_events"]
    store.close()


def test_an_alert_with_a_message_to_be_sent_waits_for_it(tmp_path: Path) -> None:
    """It stays, and so does a later one of its group; all go once the message was sent."""
    store = DuckDBStore(tmp_path)
    history = History(store)
    history.episode("before", 460 * DAY)
    first = history.episode("group", 450 * DAY, sent="waiting")
    history.episode("group", 420 * DAY)
    let_go(store)
    kept = rows(store, "alerts")
    sent = Settled(rows(store, "alert_outbox")[0]["send_id"], "late", "sent", 1, NOW, NOW, None)
    store.lease_sends(NOW, NOW + HOUR, "late", 10)
    store.settle_sends(settled_rows([sent]))
    let_go(store)

    assert {(row["value"], row["episode"]) for row in kept} == {("group", 1), ("group", 2)}
    assert sent.send_id.startswith(first.value)
    assert everything(store) == {table: [] for table in TABLES}
    store.close()


def test_what_was_ended_by_hand_while_bad_stays_ended(tmp_path: Path) -> None:
    """The newest of such a group stays, and earlier ones go; good once, it goes as well."""
    store = DuckDBStore(tmp_path)
    history = History(store)
    history.episode("held", 460 * DAY)
    history.judge("held", 450 * DAY, bad=True)
    held = history.act("held", 449 * DAY, Action("resolve", "ann"))
    let_go(store)
    [kept] = newest_alerts(store).values()
    quiet = step(kept, finding("held", bad=True), NOW, POLICY)
    history.judge("held", timedelta(), bad=False)
    let_go(store)

    assert kept == held
    assert len(rows(store, "alerts")) == 0
    assert quiet is None
    store.close()


class Judge(NamedTuple):
    """Somebody who read the ledger some time ago."""

    known: Alert | None

    def opens(self, store: Store) -> bool:
        """Open an alert, unless somebody else did."""
        taken = step(self.known, finding("group", bad=True), NOW, POLICY)
        assert taken is not None
        notes = notes_of([(taken.alert, taken.based_on)], taken.events, [])
        return not store.note_alerts(notes)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_judges_of_whom_one_read_before(tmp_path: Path, order: Sequence[int]) -> None:
    """The last alert of a group goes between their looks: they open one alert between them."""
    store = DuckDBStore(tmp_path)
    History(store).episode("group", 450 * DAY)
    key = finding("group", bad=True).key
    before = Judge(newest_alerts(store)[key])
    let_go(store)
    after = Judge(newest_alerts(store).get(key))
    opened = [(before, after)[number].opens(store) for number in order]

    assert after.known is None
    assert opened == [True, False]
    assert len(rows(store, "alerts")) == 1
    store.close()


def test_a_group_that_is_forgotten_begins_anew(tmp_path: Path) -> None:
    """Its episodes are counted from one, and no id or idempotency key comes again."""
    store = DuckDBStore(tmp_path)
    old = History(store).episode("group", 450 * DAY)
    let_go(store)
    known = newest_alerts(store)
    new = History(store).judge("group", HOUR, bad=True)

    assert known == {}
    assert (old.episode, new.episode) == (1, 1)
    assert old.alert_id != new.alert_id
    store.close()


def test_feedback_of_what_is_gone_is_refused(tmp_path: Path) -> None:
    """Somebody looked at it before it went: nothing of it comes back."""
    store = DuckDBStore(tmp_path)
    old = History(store).episode("group", 450 * DAY)
    let_go(store)
    said = act(old, Action("feedback", "ann", feedback="real"), NOW)
    stale = store.note_alerts(notes_of([(said.alert, said.based_on)], said.events, []))

    assert stale == {old.alert_id}
    assert everything(store) == {table: [] for table in TABLES}
    store.close()


def test_many_go_in_pieces(tmp_path: Path) -> None:
    """More than go at once: the first episodes first, and all of them in the end."""
    store = DuckDBStore(tmp_path)
    alerts, events = [], []
    for number in range(retention.ALERTS_AT_ONCE + 10):
        opened = step(None, finding(f"group-{number}", bad=True), NOW - 500 * DAY, POLICY)
        assert opened is not None
        over = act(opened.alert, Action("resolve", "ann"), NOW - 500 * DAY)
        alerts.append((over.alert._replace(held=False), 0))
        events += [*opened.events, *over.events]
    store.note_alerts(notes_of(alerts, events, []))
    left = []
    while store.tidy():
        left.append(len(rows(store, "alerts")))

    assert left == [10, 0]
    assert rows(store, "alert_events") == []
    store.close()


def test_the_setting_says_for_how_long(tmp_path: Path) -> None:
    """Forty days are kept where forty are asked for."""
    store = DuckDBStore(tmp_path, keep=Keep(alerts=40))
    history = History(store)
    history.episode("old", 42 * DAY)
    history.episode("new", 38 * DAY)
    let_go(store)

    assert [row["value"] for row in rows(store, "alerts")] == ["new"]
    store.close()


def judged_twice(settings: Settings, clock: Clock, *, tidied: bool) -> list[list[Document]]:
    """What pages show of alerts after two judgements, with or without a deletion between."""
    with watching(settings, clock) as watched:
        watched.judge()
    if tidied:
        store = DuckDBStore(settings.store.path)
        let_go(store)
        assert "forgotten" not in {row["value"] for row in rows(store, "alerts")}
        store.close()
    clock.forward(hours=25)
    with watching(settings, clock) as watched:
        watched.judge()
        until(lambda: all(row["unsent"] == 0 for row in watched.alerts()))
        events = watched.client.query("alert_events", start=EVER["start"])
        shown = [watched.alerts(), events]
    return [[row for row in found if row["value"] != "forgotten"] for found in shown]


def test_between_two_judgements_nothing_changes_of_what_lives(
    usual: Usual, sink: Sink, tmp_path: Path
) -> None:
    """Alerts, their history and what is told are those of a ledger in which nothing went."""
    with watching(settings_of(usual.folder), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
    store = DuckDBStore(usual.folder)
    History(store).episode("forgotten", 450 * DAY)
    store.close()
    copy = tmp_path / "copy"
    shutil.copytree(usual.folder, copy)
    shown, told = [], []
    for folder, tidied in ((copy, False), (usual.folder, True)):
        sink.received.clear()
        settings = settings_of(folder, [hook(sink.url)], rule=(CapRule(name="cap", usd=5.0),))
        shown.append(judged_twice(settings, usual.clock, tidied=tidied))
        sink.wait_for(1)
        told.append(sink.reasons)

    assert shown[1] == shown[0]
    assert [row["state"] for row in shown[0][0]] == ["recovering"]
    assert told == [["opened"], ["opened"]]


KILLED = """
import os, signal, sys
from pathlib import Path
from spanledger_collector.store.duckdb import DuckDBStore

class Fatal:
    def __init__(self, connection):
        self._connection = connection
    def execute(self, sql, parameters=None):
        done = self._connection.execute(sql, parameters)
        if sys.argv[2] in sql:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

store = DuckDBStore(Path(sys.argv[1]))
store._retention._connection = Fatal(store._connection)
store.tidy()
"""


@pytest.mark.parametrize("table", ["alert_events", "alerts"])
def test_killed_meanwhile_it_is_all_or_nothing(tmp_path: Path, table: str) -> None:
    """After any of the deletions and before the commit: everything is there, and goes next time."""
    store = DuckDBStore(tmp_path)
    History(store).episode("old", 399 * DAY)
    History(store).episode("older", 450 * DAY)
    before = everything(store)
    store.close()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), f"delete from {table}"], check=False
    )
    store = DuckDBStore(tmp_path)
    found = everything(store)
    let_go(store)

    assert killed.returncode == -signal.SIGKILL
    assert {name: found[name] for name in ("alerts", "alert_events")} == {
        name: before[name] for name in ("alerts", "alert_events")
    }
    assert {row["value"] for row in rows(store, "alerts")} == {"old"}
    store.close()
