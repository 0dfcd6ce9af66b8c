"""The upstream OpenTelemetry Collector in front, with deploy/otelcol.yaml."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from spanledger_collector.server import running_collector
from tests.clients.edge import CONFIG, Edge, port
from tests.clients.programs import otelcol
from tests.collector.support import Client, settings_for
from tests.durability.process import all_message_ids


def test_its_configuration_is_valid(tmp_path: Path) -> None:
    """The real program accepts the file that we ship."""
    environment = {**os.environ, "QUEUE_DIR": str(tmp_path)}
    environment |= {"SPANLEDGER_URL": "http://127.0.0.1:4318", "SPANLEDGER_TOKEN": "secret"}
    subprocess.run([otelcol(), "validate", "--config", CONFIG], env=environment, check=True)


def test_nothing_is_lost_when_both_are_down(tmp_path: Path) -> None:
    """Taken while the ledger is away, killed with a full queue: every call arrives, once."""
    ledger_port = port()
    edge = Edge(tmp_path / "queue", f"http://127.0.0.1:{ledger_port}")
    sent: list[str] = []
    for life in range(2):
        with edge.running():
            for number in range(20):
                ids = [f"msg_{life}_{number}_{i}" for i in range(50)]
                edge.send(ids)
                sent.extend(ids)
    with edge.running(), running_collector(settings_for(tmp_path / "ledger", ledger_port)) as ours:
        client = Client(ours.url)
        while client.total()["calls"] < len(sent):
            pass
        stored = all_message_ids(client)
        total = client.total()
        client.close()

    assert sorted(stored) == sorted(sent)
    assert total["calls"] == len(sent) == 2000
