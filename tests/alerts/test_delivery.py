"""Messages wait in the ledger until they are taken: each once, whatever happens meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from spanledger_collector.alerts import delivery
from spanledger_collector.alerts.alert import Finding, Key
from spanledger_collector.alerts.delivery import LEASE, PATIENCE, Courier
from spanledger_collector.alerts.ledger import Send, newest_alerts, notes_of
from spanledger_collector.alerts.lifecycle import Policy, step
from spanledger_collector.store import StoreUnavailable
from spanledger_collector.store.duckdb import DuckDBStore
from spanledger_collector.writer import Writer
from tests.alerts.support import Clock, Sink, hook

NOON = datetime(2026, 11, 28, 12)
HOUR = timedelta(hours=1)


class Desk(NamedTuple):
    """A ledger with an outbox, and a clock."""

    store: DuckDBStore
    writer: Writer
    clock: Clock
    sink: Sink

    def courier(self) -> Courier:
        channels = {"hook": hook(self.sink.url)}
        return Courier(self.store, self.writer.run, channels, self.clock)

    def queue(self, *names: str, alert: str | None = None, channel: str = "hook") -> None:
        sends = [
            Send(
                name,
                alert or name,
                channel,
                "opened",
                orjson.dumps({"reason": name}).decode(),
                self.clock.now + timedelta(seconds=number),
                "waiting",
                0,
                self.clock.now,
            )
            for number, name in enumerate(names)
        ]
        self.writer.run(lambda: self.store.note_alerts(notes_of([], [], sends))).result(60)

    def outbox(self) -> list[tuple[str, str, int]]:
        sql = "select send_id, state, attempts from alert_outbox order by send_id"
        rows = self.store.query().run(sql, {}, 1000).table.to_pylist()
        return [(row["send_id"], row["state"], row["attempts"]) for row in rows]


@pytest.fixture
def desk(tmp_path: Path, sink: Sink) -> Iterator[Desk]:
    """A desk without a message."""
    store = DuckDBStore(tmp_path)
    writer = Writer(store, 1 << 20)
    writer.start()
    yield Desk(store, writer, Clock(NOON), sink)
    writer.close()
    store.close()


def test_a_webhook_that_is_down_for_an_hour_gets_each_message_once(desk: Desk) -> None:
    """Tried ever more rarely while it answers 503, then delivered: none lost, none twice."""
    courier = desk.courier()
    desk.queue(*(f"m{number}" for number in range(20)))
    desk.sink.refuse_with = 503
    while desk.clock.now < NOON + HOUR:
        courier.deliver()
        desk.clock.forward(seconds=10)
    tries = desk.sink.refused
    desk.sink.refuse_with = None
    for _ in range(70):
        courier.deliver()
        desk.clock.forward(seconds=10)

    assert sorted(desk.sink.reasons) == sorted(f"m{number}" for number in range(20))
    assert len({each.headers["idempotency-key"] for each in desk.sink.received}) == 20
    assert 20 * 6 < tries < 20 * 15
    assert {state for _, state, _ in desk.outbox()} == {"sent"}


def test_of_one_alert_the_messages_keep_their_order(desk: Desk) -> None:
    """What was told first arrives first, also when it had to wait."""
    courier = desk.courier()
    desk.queue("opened", "grown", "resolved", alert="a")
    desk.sink.refuse_with = 500
    courier.deliver()
    desk.sink.refuse_with = None
    desk.clock.forward(minutes=1)
    courier.deliver()

    assert desk.sink.reasons == ["opened", "grown", "resolved"]


def test_a_slow_channel_keeps_no_other_waiting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many wait for one, each turn has room for the others, and ends soon."""
    monkeypatch.setattr(delivery, "TURN_S", -1.0)
    desk.queue(*(f"m{number}" for number in range(8)))
    desk.queue("urgent", channel="other")
    now = desk.clock.now
    given = desk.writer.run(lambda: desk.store.lease_sends(now, now, "somebody", 5)).result(60)
    desk.sink.refuse_with = 503
    desk.courier().deliver()

    assert given["channel"].to_pylist().count("hook") == 5
    assert "urgent" in given["send_id"].to_pylist()
    assert desk.sink.refused == 8
    assert {tries for name, _, tries in desk.outbox() if name != "urgent"} == {1}


def test_two_couriers_share_the_work(desk: Desk) -> None:
    """However many look at once, a message is in one hand."""
    desk.queue(*(f"m{number}" for number in range(40)))
    threads = [threading.Thread(target=desk.courier().deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(desk.sink.reasons) == sorted(f"m{number}" for number in range(40))


def test_what_a_dead_courier_had_in_hand_comes_again(desk: Desk) -> None:
    """Given out and never settled: after a while another one sends it, under the same key."""
    desk.queue("m")
    now = desk.clock.now
    lost = desk.writer.run(lambda: desk.store.lease_sends(now, now + LEASE, "dead", 10)).result(60)
    courier = desk.courier()
    early = courier.deliver()
    desk.clock.forward(seconds=LEASE.total_seconds())
    late = courier.deliver()

    assert (lost.num_rows, early, late) == (1, 0, 1)
    assert desk.sink.received[0].headers["idempotency-key"] == "m"


def test_the_ledger_is_away_after_the_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent but not noted: it is noted as soon as the ledger is back, and not sent again."""
    courier = desk.courier()
    desk.queue("m")
    settle = desk.store.settle_sends

    def fails(_: object) -> None:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(desk.store, "settle_sends", fails)
    with pytest.raises(StoreUnavailable):
        courier.deliver()
    monkeypatch.setattr(desk.store, "settle_sends", settle)
    desk.clock.forward(hours=1)
    courier.deliver()

    assert desk.sink.reasons == ["m"]
    assert desk.outbox() == [("m", "sent", 1)]


def test_after_days_it_is_given_up(desk: Desk) -> None:
    """A target that never answers is not tried for ever; what failed is in the query."""
    courier = desk.courier()
    desk.queue("m")
    desk.queue("nobody", channel="gone")
    desk.sink.refuse_with = 410
    courier.deliver()
    desk.clock.forward(seconds=PATIENCE.total_seconds())
    courier.deliver()

    assert desk.outbox() == [("m", "given_up", 2), ("nobody", "given_up", 1)]


def test_two_judges_open_one_alert(desk: Desk) -> None:
    """Both see the same, both want to tell it: one row, one message, whoever comes second."""
    found = Finding(
        key=Key("spend"),
        kind="spike",
        bad=True,
        severe=True,
        severity="critical",
        level=2,
        window_start=NOON - HOUR,
        window_end=NOON,
        observed=9.0,
        expected=1.0,
        expected_low=None,
        expected_high=None,
        unit="usd",
        excess_usd=Decimal(8),
        reason="spike_1h",
        keep_s=60.0,
    )
    known = newest_alerts(desk.store).get(found.key)
    stale = []
    for judge in ("first", "second"):
        taken = step(known, found, NOON, Policy(30, 3600))
        assert taken is not None
        send = Send(judge, taken.alert.alert_id, "hook", "opened", "{}", NOON, "waiting", 0, NOON)
        notes = notes_of([(taken.alert, taken.based_on)], taken.events, [send])
        work = desk.writer.run(lambda notes=notes: desk.store.note_alerts(notes))  # type: ignore[misc]
        stale.append(len(work.result(60)))

    assert stale == [0, 1]
    assert [name for name, _, _ in desk.outbox()] == ["first"]
    assert newest_alerts(desk.store)[found.key].revision == 1
