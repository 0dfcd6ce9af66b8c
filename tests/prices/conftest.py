"""A collector that tests which leave nothing behind share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from spanledger_collector.server import running_collector
from tests.collector.support import Client, settings_for


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of an empty collector."""
    with running_collector(settings_for(tmp_path_factory.mktemp("shared"))) as collector:
        client = Client(collector.url)
        yield client
        client.close()
