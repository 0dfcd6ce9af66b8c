"""The simulator over real HTTP, the real SDK as its client, and a real collector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anthropic
import pytest

from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings
from spanledger_demo.simulator import Simulator, running_simulator


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator with an empty bill and a cold cache."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def client(simulator: Simulator) -> Iterator[anthropic.Anthropic]:
    """A client that never retries by itself."""
    with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=0) as made:
        yield made


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[RunningCollector]:
    """A collector with an empty ledger."""
    settings = Settings(
        collector=CollectorSettings(port=0), store=StoreSettings(path=tmp_path / "ledger")
    )
    with running_collector(settings) as running:
        yield running
