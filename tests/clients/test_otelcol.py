"""The upstream OpenTelemetry Collector in front, with deploy/otelcol.yaml."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import orjson

from spanledger_collector.ports import free_port
from spanledger_collector.server import running_collector
from tests.clients.programs import ROOT, otelcol
from tests.collector.support import JSON, Client, call_span, request_of, settings_for
from tests.durability.process import all_message_ids

CONFIG = ROOT / "deploy" / "otelcol.yaml"


def port() -> int:
    return free_port("127.0.0.1", 0)[1]


class Edge:
    """An upstream Collector with its queue in a folder, to be started and killed at will."""

    def __init__(self, folder: Path, ledger: str) -> None:
        self._http, self._health = port(), port()
        self._environment = {
            **os.environ,
            "QUEUE_DIR": str(folder),
            "SPANLEDGER_URL": ledger,
            "SPANLEDGER_TOKEN": "unused",
            "EDGE_HTTP_PORT": str(self._http),
            "EDGE_GRPC_PORT": str(port()),
            "EDGE_HEALTH_PORT": str(self._health),
            "EDGE_RETRY_INTERVAL": "1s",
        }

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The process, ready; killed at the end, as a crash would."""
        process = subprocess.Popen(
            [otelcol(), "--config", CONFIG], env=self._environment, stderr=subprocess.DEVNULL
        )
        try:
            while not self._answers():
                assert process.poll() is None
            yield process
        finally:
            process.kill()
            process.wait()

    def _answers(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self._health}").status_code == 200
        except httpx2.TransportError:
            return False

    def send(self, ids: list[str]) -> None:
        """Send calls and see them acknowledged."""
        answer = httpx2.post(
            f"http://127.0.0.1:{self._http}/v1/traces",
            content=orjson.dumps(request_of([call_span(each) for each in ids])),
            headers={"content-type": JSON},
        )
        assert answer.status_code == 200, answer.text


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
