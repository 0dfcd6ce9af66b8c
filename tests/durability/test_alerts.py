"""Killed at any moment while it alerts, the collector tells every alert, each under one key."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx2
import pytest

from spanledger_collector.cli.parts import collector_part
from spanledger_collector.ports import free_port
from spanledger_collector.settings import CapRule, Settings
from tests.alerts.support import EVER, Sink, call, hook, settings_of, until
from tests.collector.support import Client

ROUNDS = int(os.environ.get("SPANLEDGER_TEST_KILLS", "2"))
FEATURES = 6
"""New alerts a round."""


@contextmanager
def collector(settings: Settings) -> Iterator[tuple[subprocess.Popen[bytes], Client]]:
    """A collector in a process of its own, that answers; killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "spanledger", "collector", "--config", os.devnull],
        env={**os.environ, **collector_part(settings).environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    client = Client(settings.collector.url)
    try:
        until(lambda: _answers(client))
        yield process, client
    finally:
        client.close()
        process.kill()
        process.wait()


def _answers(client: Client) -> bool:
    try:
        return client.http.get("/readyz").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.timeout(600 + 120 * ROUNDS)
def test_kill_9_while_alerts_are_told(tmp_path: Path) -> None:
    """Each alert is one row and comes under one key, however often the collector died."""
    dice = random.Random()
    sink = Sink()
    port = free_port("127.0.0.1")
    settings = settings_of(
        tmp_path / "ledger",
        [hook(sink.url)],
        port=port,
        interval_s=0.1,
        rule=(CapRule(name="runaway", by="feature", usd=0.1, minutes=1440),),
    )
    expected = set()
    for round_ in range(ROUNDS):
        with collector(settings) as (process, client):
            now = datetime.now(timezone.utc).replace(tzinfo=None)
            names = [f"feature-{round_}-{number}" for number in range(FEATURES)]
            at = now - timedelta(seconds=round_ + 1)
            client.send(*(call(at, "search", feature=name, tokens=150_000) for name in names))
            expected.update(names)
            heard = len(sink.received) + dice.randint(0, FEATURES)
            until(lambda heard=heard: len(sink.received) >= heard)  # type: ignore[misc]
            process.send_signal(signal.SIGKILL)
            process.wait()
    with collector(settings) as (_, client):
        until(lambda: {each.document["alert"]["value"] for each in sink.received} == expected)
        until(lambda: all(row["unsent"] == 0 for row in client.query("alerts", **EVER)))
        rows = client.query("alerts", **EVER)
    sink.close()

    keys = defaultdict(set)
    for each in sink.received:
        assert each.document["reason"] == "opened"
        keys[each.document["alert"]["value"]].add(each.headers["idempotency-key"])
    assert sorted(row["value"] for row in rows) == sorted(expected)
    assert {row["episode"] for row in rows} == {1}
    assert all(len(each) == 1 for each in keys.values())
    assert len(sink.received) <= len(expected) + ROUNDS * FEATURES
