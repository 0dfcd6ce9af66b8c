"""What the delivery tests share: a real OTLP/HTTP server that answers as told, and processes."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider

from spanledger import AnthropicInstrumentor
from spanledger.delivery import Delivery, Pace, SpoolSettings, Target
from spanledger_demo.simulator import Simulator

QUICK = Pace(interval=0.01, timeout=5.0, max_backoff=0.02)
"""Retries so fast that a hundred of them, an outage of many minutes, take a moment."""

PATIENCE_S = 200.0
"""How long a process may take that should end at once: only whether it ends is of interest."""


class Reply(NamedTuple):
    """How the server treats one request."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    until: threading.Event | None = None
    """Answer only when this happens."""
    reset: bool = False
    """Cut the connection instead of answering."""


MALFORMED = Reply(400, {"Content-Type": "application/x-protobuf"})


class Sink:
    """An OTLP/HTTP server that answers as told and keeps the spans it accepted."""

    def __init__(self, port: int = 0) -> None:
        self.answers: list[int | Reply] = []
        """The next answers, before it accepts."""
        self.judge: Callable[[list[Span]], Reply] | None = None
        """Decides by the spans, once the answers are used up."""
        self.requests = 0
        self.sizes: list[int] = []
        """How many spans each request had."""
        self.authorization: str | None = None
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self._lock = threading.Lock()
        self._arrivals = threading.Condition(self._lock)
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def span_ids(self) -> set[bytes]:
        """The accepted spans, each once."""
        return {span.span_id for span in self.spans}

    def take(self, body: bytes, authorization: str | None) -> Reply:
        """Accept or refuse one export request."""
        request = ExportTraceServiceRequest.FromString(body)
        groups = request.resource_spans
        spans = [span for group in groups for scope in group.scope_spans for span in scope.spans]
        with self._arrivals:
            self.requests += 1
            self.sizes.append(len(spans))
            self.authorization = authorization
            told = self.answers.pop(0) if self.answers else None
            reply = told if isinstance(told, Reply) else Reply(200 if told is None else told)
            if told is None and self.judge is not None:
                reply = self.judge(spans)
            if reply.status == 200 and not reply.reset:
                self.spans += spans
                self.resources += [
                    {item.key: item.value.string_value for item in group.resource.attributes}
                    for group in groups
                ]
            self._arrivals.notify_all()
        return reply

    def wait(self, reached: Callable[[], bool], timeout: float = 100.0) -> bool:
        """Wait until requests have brought something about."""
        with self._arrivals:
            return self._arrivals.wait_for(reached, timeout)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news."""


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = sink.take(gzip.decompress(body), self.headers["Authorization"])
            if reply.until is not None:
                reply.until.wait(PATIENCE_S)
            if reply.reset:
                now = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            return

    return Handler


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An OTLP receiver."""
    receiver = Sink()
    yield receiver
    receiver.close()


@contextmanager
def delivering(
    url: str, *, pace: Pace = QUICK, spool: SpoolSettings | None = None
) -> Iterator[Delivery]:
    """Instrument the SDK with a delivery at a pace of our choice."""
    delivery = Delivery(Target(f"{url}/v1/traces", None), spool=spool, pace=pace)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(delivery)
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        yield delivery
    finally:
        instrumentor.uninstrument()
        provider.shutdown()


class Nobody:
    """A port at which nobody listens, and which nobody else can take meanwhile."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def leave(self) -> None:
        """Make room for somebody."""
        self._socket.close()


@pytest.fixture
def nobody() -> Iterator[Nobody]:
    """Where no collector listens, as yet."""
    absent = Nobody()
    yield absent
    absent.leave()


def eventually(reached: Callable[[], bool], timeout: float = 100.0) -> bool:
    """Look again and again until something has come about that nobody tells of."""
    deadline = time.monotonic() + timeout
    while not reached():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True


PRELUDE = """
import os, signal, sys, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of any fork beside threads
import anthropic, spanledger
def call(times=1):
    with anthropic.Anthropic(max_retries=0) as client:
        for _ in range(times):
            client.messages.create(model="claude-sonnet-4-6", max_tokens=9,
                                   messages=[{"role": "user", "content": "hi"}])
"""


def environment(simulator: Simulator, endpoint: str, **settings: str) -> dict[str, str]:
    """What tells a service's process where the API and the collector are."""
    return {
        **os.environ,
        "ANTHROPIC_BASE_URL": simulator.url,
        "ANTHROPIC_API_KEY": "test",
        "SPANLEDGER_ENDPOINT": endpoint,
        "OTEL_SERVICE_NAME": "worker",
        **settings,
    }


def start(
    program: str, simulator: Simulator, endpoint: str, **settings: str
) -> subprocess.Popen[str]:
    """Start a small service in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program],
        env=environment(simulator, endpoint, **settings),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run(
    program: str, simulator: Simulator, endpoint: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a small service to its end."""
    with start(program, simulator, endpoint, **settings) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)
