"""The upstream Collector with deploy/otelcol.yaml, as a process that can be killed."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import orjson

from spanledger_collector.ports import free_port
from tests.clients.programs import ROOT, otelcol
from tests.collector.support import JSON, call_span, request_of

__all__ = ["CONFIG", "Edge", "port"]

CONFIG = ROOT / "deploy" / "otelcol.yaml"


def port() -> int:
    """A port that nothing listens on at the moment."""
    return free_port("127.0.0.1")


class Edge:
    """An upstream Collector with its queue in a folder, to be started and killed at will.

    Args:
        folder: of the queue.
        ledger: where the collector answers.
        retry_interval: how long at most between two tries; by default a second, to be quick.
    """

    def __init__(self, folder: Path, ledger: str, retry_interval: str | None = "1s") -> None:
        self._http, self._health = port(), port()
        self.url = f"http://127.0.0.1:{self._http}"
        self._environment = {
            **os.environ,
            "QUEUE_DIR": str(folder),
            "SPANLEDGER_URL": ledger,
            "SPANLEDGER_TOKEN": "unused",
            "EDGE_HTTP_PORT": str(self._http),
            "EDGE_GRPC_PORT": str(port()),
            "EDGE_HEALTH_PORT": str(self._health),
        }
        if retry_interval is not None:
            self._environment["EDGE_RETRY_INTERVAL"] = retry_interval

    def start(self) -> subprocess.Popen[bytes]:
        """Start it and wait until it is ready; whoever calls this kills it."""
        process = subprocess.Popen(
            [otelcol(), "--config", CONFIG], env=self._environment, stderr=subprocess.DEVNULL
        )
        while not self._answers():
            assert process.poll() is None
            time.sleep(0.02)
        return process

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The process, ready; killed at the end, as a crash would."""
        process = self.start()
        try:
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
            f"{self.url}/v1/traces",
            content=orjson.dumps(request_of([call_span(each) for each in ids])),
            headers={"content-type": JSON},
        )
        assert answer.status_code == 200, answer.text
