"""A simulated Claude API and a real collector, as on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import spanledger
from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings
from spanledger_demo.simulator import Simulator, running_simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulated Claude API with an empty bill."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A collector on any free port, with an empty ledger."""
    return Settings(
        collector=CollectorSettings(port=0), store=StoreSettings(path=tmp_path / "ledger")
    )


@pytest.fixture
def collector(settings: Settings) -> Iterator[RunningCollector]:
    """A running collector; the instrumentation is undone before it stops."""
    with running_collector(settings) as running:
        yield running
        spanledger.uninstrument()


@pytest.fixture
def api(collector: RunningCollector) -> Iterator[httpx2.Client]:
    """The collector's HTTP surface."""
    with httpx2.Client(base_url=collector.url) as client:
        yield client
