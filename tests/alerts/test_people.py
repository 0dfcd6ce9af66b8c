"""What people do to alerts, over HTTP: acknowledge, snooze, resolve, judge, try a rule out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanledger_collector.settings import SpikeRule
from tests.alerts.conftest import Usual
from tests.alerts.support import (
    EVER,
    Sink,
    Watched,
    hook,
    runaway,
    send_all,
    settings_of,
    watching,
)
from tests.collector.support import Document


@pytest.fixture
def watched(usual: Usual, sink: Sink) -> Iterator[Watched]:
    """A collector with an alert that fires and was told."""
    rules = (SpikeRule(name="spend"),)
    with watching(settings_of(usual.folder, [hook(sink.url)], rule=rules), usual.clock) as watched:
        send_all(watched.client, [("finder", span) for span in runaway(usual.now)])
        watched.judge()
        sink.wait_for(1)
        yield watched


def alert_of(watched: Watched) -> Document:
    return watched.alerts()[0]


def test_acknowledged_it_is_not_repeated(watched: Watched, sink: Sink) -> None:
    """A day later nothing is said of an acknowledged alert; once it is not, there is a reminder."""
    path = alert_of(watched)["alert_id"]
    after = watched.post(f"{path}/ack", actor="Ann", note="a migration")
    watched.clock.forward(hours=23)
    watched.judge()
    quiet = list(sink.reasons)
    watched.post(f"{path}/unack", actor="Ann")
    alert = alert_of(watched)

    assert (after["acked_by"], after["state"]) == ("Ann", "firing")
    assert quiet == ["opened"]
    assert (alert["acked_at"], alert["acked_by"]) == (None, None)
    rows = watched.client.query("alert_events", **EVER)
    assert ("acked", "Ann", "a migration") in [
        (row["event"], row["actor"], row["remark"]) for row in rows
    ]


def test_snoozed_it_keeps_quiet_until_then(watched: Watched, sink: Sink) -> None:
    """Growth is not told while it is snoozed; after that it is told that it still fires."""
    path = alert_of(watched)["alert_id"]
    watched.post(f"{path}/snooze", actor="Bob", hours=1)
    more = runaway(watched.clock.forward(minutes=10), calls=200)
    send_all(watched.client, [("finder", span) for span in more])
    watched.judge()
    quiet = list(sink.reasons)
    watched.clock.forward(hours=1)
    watched.judge()
    sink.wait_for(2)

    assert quiet == ["opened"]
    assert sink.reasons[-1] in {"grown", "reminder"}


def test_resolved_by_hand_it_stays_resolved(watched: Watched, sink: Sink) -> None:
    """The same trouble opens no new alert; twice as much does."""
    path = alert_of(watched)["alert_id"]
    watched.post(f"{path}/resolve", actor="Ann")
    watched.clock.forward(minutes=1)
    watched.judge()
    sink.wait_for(2)
    one = [row["state"] for row in watched.alerts()]
    more = runaway(watched.clock.forward(minutes=10), calls=200)
    send_all(watched.client, [("finder", span) for span in more])
    watched.judge()
    sink.wait_for(3)

    assert one == ["resolved"]
    assert [(row["episode"], row["state"]) for row in watched.alerts()] == [
        (2, "firing"),
        (1, "resolved"),
    ]
    assert sink.reasons == ["opened", "resolved", "opened"]


def test_feedback_is_kept(watched: Watched) -> None:
    """What it was is noted on the alert and in its trail, even when it is over."""
    path = alert_of(watched)["alert_id"]
    watched.post(f"{path}/resolve")
    watched.post(f"{path}/feedback", actor="Ann", feedback="planned", note="launch")

    assert alert_of(watched)["feedback"] == "planned"
    assert watched.events()[-1] == "feedback"


NONSENSE: list[tuple[str, Document, int, str]] = [
    ("nobody/ack", {}, 404, "no alert with this id"),
    ("{id}/shout", {}, 400, "no action 'shout'"),
    ("{id}/snooze", {}, 400, "'hours' must be a number"),
    ("{id}/snooze", {"hours": -1}, 400, "'hours' must be a number"),
    ("{id}/snooze", {"hours": True}, 400, "'hours' must be a number"),
    ("{id}/feedback", {"feedback": "bad"}, 400, "one of real, expected, planned"),
    ("{id}/ack", {"by": "Ann"}, 400, "no field 'by'"),
    ("{id}/ack", {"note": "x" * 501}, 400, "500 characters"),
    ("test", {"channel": "nobody"}, 404, "there are: hook"),
    ("backtest", {"rule": "nobody"}, 400, "one of spend"),
    ("backtest", {"rule": {"kind": "spike", "flor": 1}}, 400, "no key 'flor'"),
    ("backtest", {"rule": "spend", "days": 0}, 400, "from 1 to 366"),
]


def test_what_makes_no_sense_is_refused(watched: Watched) -> None:
    """One sentence says what is wrong, and nothing changes."""
    before = alert_of(watched)
    for path, fields, status, said in NONSENSE:
        answer = watched.post(path.format(id=before["alert_id"]), status, **fields)
        assert said in answer["detail"]

    assert alert_of(watched)["revision"] == before["revision"]


def test_over_is_over(watched: Watched) -> None:
    """An alert that is over can be neither acknowledged nor resolved again."""
    path = alert_of(watched)["alert_id"]
    watched.post(f"{path}/resolve")

    assert "is over since" in watched.post(f"{path}/ack", 409)["detail"]


def test_a_channel_can_be_tested(watched: Watched, sink: Sink) -> None:
    """The test message arrives, or the answer says why not."""
    good = watched.post("test")
    sink.refuse_with = 500
    bad = watched.post("test", channel="hook")

    assert good["channels"] == [{"name": "hook", "sent": True, "error": None}]
    assert bad["channels"] == [{"name": "hook", "sent": False, "error": "it answers 500"}]
    assert sink.reasons == ["opened", "test"]


def test_a_rule_is_tried_out_on_history(watched: Watched) -> None:
    """A backtest finds what the rule would have told, of a rule in force or of one made up."""
    watched.clock.forward(minutes=30)
    known = watched.post("backtest", rule="spend", days=3)
    made_up = watched.post("backtest", rule={"kind": "spike", "by": "team"}, days=3)
    strict = watched.post("backtest", rule={"kind": "spike", "floor_usd": 1e6}, days=3)

    assert [each["messages"] for each in known["episodes"]] == [1]
    [message] = known["messages"]
    assert (message["reason"], message["at"]) == ("opened", known["episodes"][0]["fired_at"])
    assert message["title"].startswith("[critical] all calls: spend is above the usual")
    assert [each["value"] for each in made_up["episodes"]] == ["search"]
    assert strict["episodes"] == []
    assert (made_up["series"], len(watched.alerts())) == (2, 1)
