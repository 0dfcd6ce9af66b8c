"""A cap that is learned: a small service's loop is caught, a bursty one's burst is not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from spanledger_collector.alerts.detect import cap
from spanledger_collector.alerts.detect.profile import fit
from spanledger_collector.alerts.detect.series import Hourly
from spanledger_collector.alerts.planned import Occurrence
from spanledger_collector.alerts.reading import Reader, Stretch, epoch
from spanledger_collector.alerts.rules import DEFAULTS
from spanledger_collector.store.duckdb import DuckDBStore
from tests.alerts.support import Clock, Sink, Watched, call, hook, send_all, settings_of, watching
from tests.collector.support import Document

LATELY = datetime.now(timezone.utc).replace(tzinfo=None) - timedelta(hours=1)
NOW = LATELY.replace(minute=30, second=0, microsecond=0)
DAYS = 5
RUNAWAY = next(rule for rule in DEFAULTS if rule.name == "runaway")
CENTS = 0.0615
"""What a call costs that has 20,000 tokens."""


def steady(first: datetime, last: datetime, every_s: float) -> list[Document]:
    """A call each so many seconds."""
    count = int((last - first).total_seconds() / every_s)
    return [
        call(first + timedelta(seconds=every_s * n), "small", feature=f"s{every_s:g}")
        for n in range(count)
    ]


def burst(at: datetime, calls: int = 50) -> list[Document]:
    """So many calls within four minutes."""
    return [
        call(at + timedelta(seconds=240 / calls * n), "bursty", feature="burst")
        for n in range(calls)
    ]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five days of a small service, a call a minute, and of one that bursts every three hours."""
    folder = tmp_path_factory.mktemp("caps")
    begun = NOW - timedelta(days=DAYS)
    with watching(settings_of(folder), Clock(NOW)) as watched:
        send_all(watched.client, [("small", span) for span in steady(begun, NOW, 60)])
        hours = range(0, DAYS * 24, 3)
        bursts = [span for back in hours for span in burst(NOW - timedelta(hours=back + 2))]
        send_all(watched.client, [("bursty", span) for span in bursts])
    return folder


@pytest.fixture
def watched(ledger: Path, tmp_path: Path, sink: Sink) -> Iterator[Watched]:
    """A collector with the default cap, at a quiet moment."""
    folder = shutil.copytree(ledger, tmp_path / "ledger")
    settings = settings_of(folder, [hook(sink.url)], rule=(RUNAWAY,), interval_s=60.0)
    with watching(settings, Clock(NOW)) as watched:
        assert watched.judge()["firing"] == 0
        yield watched


def minutes_until(
    watched: Watched, service: str, calls: list[Document], minutes: int
) -> int | None:
    """Let calls come as time goes by, judging every minute; when it fires, if it does."""
    starts = [int(span["startTimeUnixNano"]) // 10**9 for span in calls]
    for minute in range(1, minutes + 1):
        before = epoch(watched.clock.now)
        now = epoch(watched.clock.forward(minutes=1))
        due = [span for span, at in zip(calls, starts, strict=True) if before <= at < now]
        if due:
            send_all(watched.client, [(service, span) for span in due])
        if watched.judge()["firing"]:
            return minute
    return None


def test_a_loop_of_a_small_service_is_caught(watched: Watched, sink: Sink) -> None:
    """Within five minutes ten times the usual $0.31 in five minutes, far below $50."""
    loop = steady(NOW, NOW + timedelta(minutes=10), 6)
    caught = minutes_until(watched, "small", loop, 10)
    [message] = sink.wait_for(1)
    told = message.document

    assert caught is not None
    assert caught <= 5
    assert (told["alert"]["rule"], told["alert"]["value"]) == ("runaway", "small")
    assert 1.0 <= told["expected"] < told["observed"] < 10 * 5 * CENTS + 0.1
    assert f"${told['expected']:.2f} is the cap" in told["text"]


def test_a_burst_as_ever_is_no_loop(watched: Watched) -> None:
    """Fifty calls in four minutes, as every three hours, at an hour that has none usually."""
    again = burst(NOW + timedelta(minutes=1))

    assert minutes_until(watched, "bursty", again, 8) is None


def test_thrice_the_burst_is(watched: Watched) -> None:
    """Of the bursty service, too, a loop is caught, and within five minutes."""
    more = burst(NOW, calls=150)

    assert (minutes_until(watched, "bursty", more, 8) or 99) <= 5


def test_a_service_of_today_has_the_fixed_cap(watched: Watched) -> None:
    """Nothing is known of it: $10 in five minutes pass, $51 do not."""
    few, many = (
        [
            call(
                NOW + timedelta(seconds=after + n / 9), "new", feature=f"{after}-{n}", tokens=tokens
            )
            for n in range(80)
        ]
        for after, tokens in ((0, 40_000), (70, 190_000))
    )

    assert minutes_until(watched, "newcomer", few, 1) is None
    assert minutes_until(watched, "newcomer", many, 2) is not None


def test_what_was_odd_teaches_no_cap(ledger: Path, tmp_path: Path) -> None:
    """Minutes in which an alert fired, or work was planned, are not among the dearest."""
    folder = shutil.copytree(ledger, tmp_path / "ledger")
    with watching(settings_of(folder), Clock(NOW)) as watched:
        loop = burst(NOW - timedelta(hours=30), calls=400)
        send_all(watched.client, [("small", span) for span in loop])
        watched.judge()  # whoever asks sees all that was sent
    first = epoch(NOW - timedelta(days=2))
    at = epoch(NOW - timedelta(hours=30))
    opened = DuckDBStore(folder)
    store = Reader(opened)
    plain = store.dearest({}, "service", first, 2, 300, [])
    without = store.dearest({}, "service", first, 2, 300, [Stretch("small", at - 60, at + 300)])
    of_others = store.dearest({}, "service", first, 2, 300, [Stretch("bursty", at - 60, at + 300)])
    of_all = store.dearest({}, "service", first, 2, 300, [Stretch(None, at - 60, at + 300)])
    small = plain.names.index("small")
    opened.close()

    assert plain.usd[small].max() > 10
    assert of_others.usd[of_others.names.index("small")].max() > 10
    for found in (without, of_all):
        assert found.usd[found.names.index("small")].max() == pytest.approx(5 * CENTS, rel=0.05)


def test_a_cap_learned_from_two_days_is_the_fixed_one() -> None:
    """Three days are the least from which anything follows."""
    hours = np.full((2, 24 * 28), 3.0)
    profile = fit(Hourly(490_992, hours, hours), timezone.utc)
    days = np.full((2, cap.DAYS), 0.5)
    days[1, 2:] = 0.0
    learned = cap.learned(profile, cap.Days(days, 20 * days), floor_usd=0.1)

    caps = learned.of(np.array([100.0, 100.0]))
    assert 0.5 < caps[0] <= 1.0
    assert caps[1] == cap.YOUNG_USD
    assert np.isinf(learned.of(np.array([2.0, 2.0]))).all()  # of two calls none is a loop


def test_planned_work_teaches_no_cap_either() -> None:
    """Which groups of a rule a plan covers: all, some by name, or none."""
    everything, team = Occurrence("a", {}, 0, 1), Occurrence("b", {"team": ["x", "y"]}, 0, 1)

    assert everything.covered({}, "service") == [None]
    assert team.covered({}, "team") == ["x", "y"]
    assert team.covered({"team": ["x"]}, "service") == [None]
    assert team.covered({}, "service") == []
