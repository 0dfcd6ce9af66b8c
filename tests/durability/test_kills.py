"""Killed at any moment, the collector loses nothing it acknowledged and counts nothing twice."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from spanledger_collector.ports import free_port
from tests.collector.support import Client
from tests.durability.process import Senders, assert_counted_once, collector_process

ROUNDS = int(os.environ.get("SPANLEDGER_TEST_KILLS", "5"))
"""`make kills` asks for more."""


@pytest.mark.timeout(600 + 60 * ROUNDS)
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    """Killed again and again while senders retry: every call is there once, and so is its cost."""
    dice = random.Random()
    port = free_port("127.0.0.1")
    with Senders(f"http://127.0.0.1:{port}", "kill") as senders:
        for _ in range(ROUNDS):
            with collector_process(tmp_path, port) as (process, _url):
                senders.wait_for(dice.randint(1, 1500))
                process.send_signal(signal.SIGKILL)
                process.wait()
        with collector_process(tmp_path, port) as (_process, url):
            senders.finish()
            client = Client(url)
            assert_counted_once(client, senders.acknowledged)
            client.close()

    assert len(senders.acknowledged) >= ROUNDS
