"""A real collector for other people's clients to send to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.support import Client, settings_for


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector with an empty ledger."""
    with running_collector(settings_for(tmp_path / "ledger")) as running:
        yield running


@pytest.fixture
def client(collector: RunningCollector) -> Iterator[Client]:
    """For asking what arrived."""
    client = Client(collector.url)
    yield client
    client.close()
