"""A real collector on a free port, with its ledger in the test's own folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.support import Client, settings_for
from tests.collector.wires import WIRES, Wire, wired


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a fresh collector."""
    with running_collector(settings_for(tmp_path)) as collector:
        client = Client(collector.url)
        yield client
        client.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of one collector for all tests of a module that leave nothing behind."""
    with running_collector(settings_for(tmp_path_factory.mktemp("shared"))) as collector:
        client = Client(collector.url)
        yield client
        client.close()


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """One open collector for all tests of a module."""
    with running_collector(settings_for(tmp_path_factory.mktemp("collector"))) as collector:
        yield collector


@pytest.fixture(scope="module", params=WIRES)
def wire(request: pytest.FixtureRequest, collector: RunningCollector) -> Iterator[Wire]:
    """Each way into the module's collector."""
    with wired(request.param, collector) as wire:
        yield wire
