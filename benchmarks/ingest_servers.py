"""The servers that `ingest.py` measures, each in a process of its own on any free port."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
from granian.constants import Interfaces
from granian.server.embed import Server
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

__all__ = ["Running", "collector", "discarding", "phoenix"]


class Running(NamedTuple):
    """A server under measurement."""

    address: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """CPU seconds that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def peak_mib(self) -> float:
        """The most memory that it has had at once."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / 1024


@contextmanager
def collector(folder: Path) -> Iterator[Running]:
    """The collector with its ledger in a folder."""
    with _python("collector", str(folder)) as running:
        yield running


@contextmanager
def discarding() -> Iterator[Running]:
    """The same server with an application that parses and forgets."""
    with _python("discarding") as running:
        yield running


@contextmanager
def phoenix(python: Path, folder: Path) -> Iterator[Running]:
    """Arize Phoenix from an environment of its own, with SQLite in a folder."""
    address = f"http://127.0.0.1:{_free_port()}"
    settings = {
        "PHOENIX_PORT": str(urlsplit(address).port),
        "PHOENIX_GRPC_PORT": str(_free_port()),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    command = [str(python), "-m", "phoenix.server.main", "serve"]
    with _process(command, settings, subprocess.DEVNULL) as process:
        _wait_for(address, patience_s=120)
        yield Running(address, psutil.Process(process.pid))


@contextmanager
def _python(*arguments: str) -> Iterator[Running]:
    with _process([sys.executable, __file__, *arguments], {}, subprocess.PIPE) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        _wait_for(address, patience_s=20)
        yield Running(address, psutil.Process(process.pid))


@contextmanager
def _process(
    command: Sequence[str], settings: Mapping[str, str], output: int
) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, **settings}
    errors = None if output == subprocess.PIPE else output
    with subprocess.Popen(
        command, stdout=output, stderr=errors, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(address: str, patience_s: float) -> None:
    parts = urlsplit(address)
    for _ in range(int(patience_s / 0.02)):
        with suppress(OSError), socket.create_connection((parts.hostname, parts.port)):
            return
        time.sleep(0.02)
    raise SystemExit(f"nothing listens on {address!r}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def _serve_collector(folder: Path) -> None:
    from spanledger_collector.server import running_collector
    from spanledger_collector.settings import CollectorSettings, Settings, StoreSettings

    settings = Settings(
        collector=CollectorSettings(port=0, grpc_port=0), store=StoreSettings(path=folder)
    )
    with running_collector(settings) as running:
        print(running.url, flush=True)
        threading.Event().wait()


async def _serve_discarding() -> None:
    port = _free_port()
    server = Server(_discard, port=port, interface=Interfaces.ASGINL, log_enabled=False)
    print(f"http://127.0.0.1:{port}", flush=True)
    await server.serve()


async def _discard(scope: Scope, receive: Receive, send: Send) -> None:
    """Parse a request and answer as if something had been done about it."""
    ExportTraceServiceRequest.FromString(await Request(scope, receive).body())
    await Response(b"", media_type="application/x-protobuf")(scope, receive, send)


if __name__ == "__main__":
    if sys.argv[1] == "collector":
        _serve_collector(Path(sys.argv[2]))
    else:
        asyncio.run(_serve_discarding())
