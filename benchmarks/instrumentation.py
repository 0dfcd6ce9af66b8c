"""What instrumentation adds to a call: per `create`, and per stream of 500 deltas.

    python benchmarks/instrumentation.py

Every variant runs in a process of its own against an in-process transport, so that nothing but the
client's side is measured. The processes take turns of a few milliseconds, each round gives every
variant one turn, and what a variant adds is told twice: by the fastest turns, and by the median of
the differences within a round. `create` and `stream` are the caller's time: the processor time of
its thread, which here is all that it waits for, and which others on a busy machine cannot stretch.
`CPU` is that of all threads for a `create`, until its span is out of the process. Set-up is
processor time as well, imports included.

Spans go to a batch processor whose exporter throws them away. One-line mode has no exporter, so it
serialises its spans and sends them to a server that takes everything. The baseline is the plain SDK
without tracing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any, NamedTuple

import anthropic
import httpx2
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

DELTAS = 500
CHUNK = 4096
CALLS = 25
"""Calls of a turn."""
CPU_CALLS = 500
USAGE = {
    "input_tokens": 25,
    "cache_creation_input_tokens": 1500,
    "cache_read_input_tokens": 4000,
    "cache_creation": {"ephemeral_5m_input_tokens": 500, "ephemeral_1h_input_tokens": 1000},
    "output_tokens": 321,
    "service_tier": "standard",
}
MESSAGE = {
    "id": "msg_01",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-5-5",
    "content": [{"type": "text", "text": "Hello"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}
REQUEST: dict[str, Any] = {
    "model": "claude-sonnet-5-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Hi"}],
}


PROVIDERS: list[TracerProvider] = []


class Nowhere(SpanExporter):
    """An exporter that throws everything away."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Claim success."""
        return SpanExportResult.SUCCESS


def sse() -> bytes:
    """A stream of 500 text deltas."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "word "},
            }
            for _ in range(DELTAS)
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 321},
        },
        {"type": "message_stop"},
    ]
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


def client() -> anthropic.Anthropic:
    """A client whose transport answers in process."""
    whole, streamed = json.dumps(MESSAGE).encode(), sse()

    def answer(request: httpx2.Request) -> httpx2.Response:
        if b'"stream":true' in request.content.replace(b" ", b""):
            # An iterator, since a body given as bytes counts as read before anybody has read it.
            chunks = (streamed[at : at + CHUNK] for at in range(0, len(streamed), CHUNK))
            return httpx2.Response(
                200, content=chunks, headers={"content-type": "text/event-stream"}
            )
        return httpx2.Response(200, content=whole, headers={"content-type": "application/json"})

    transport = httpx2.MockTransport(answer)
    return anthropic.Anthropic(api_key="x", http_client=httpx2.Client(transport=transport))


def provider() -> TracerProvider:
    """A provider as services have it, that sends its spans nowhere."""
    made = TracerProvider()
    made.add_span_processor(BatchSpanProcessor(Nowhere()))
    PROVIDERS.append(made)
    return made


def plain() -> None:
    """No provider: the SDK traces nothing."""


def native() -> None:
    """The SDK's own tracing, as it is when a global provider exists."""
    trace.set_tracer_provider(provider())


def spanledger_provider() -> None:
    """Our instrumentor, into a service's own provider."""
    from spanledger import AnthropicInstrumentor

    trace.set_tracer_provider(provider())
    AnthropicInstrumentor().instrument()


def spanledger_one_line() -> None:
    """Our private pipeline, beside a service that traces nothing."""
    import spanledger

    spanledger.instrument()


def openllmetry() -> None:
    """Traceloop's instrumentation; like the other peers', beside an SDK that traces nothing."""
    module = import_module("opentelemetry.instrumentation.anthropic")
    module.AnthropicInstrumentor().instrument(tracer_provider=provider())


def openinference() -> None:
    """Arize's instrumentation."""
    module = import_module("openinference.instrumentation.anthropic")
    module.AnthropicInstrumentor().instrument(tracer_provider=provider())


def otel_genai() -> None:
    """OpenTelemetry's own instrumentation, a pre-release."""
    module = import_module("opentelemetry.instrumentation.genai.anthropic")
    module.AnthropicInstrumentor().instrument(tracer_provider=provider())


def logfire() -> None:
    """Pydantic's instrumentation, which silences the SDK's by its provider."""
    module = import_module("logfire")
    module.configure(
        send_to_logfire=False,
        console=False,
        additional_span_processors=[BatchSpanProcessor(Nowhere())],
    )
    module.instrument_anthropic()


VARIANTS: dict[str, Callable[[], None]] = {
    "plain SDK": plain,
    "SDK's native tracing": native,
    "spanledger, service's provider": spanledger_provider,
    "spanledger, one line": spanledger_one_line,
}
PEERS: dict[str, Callable[[], None]] = {
    "OpenLLMetry": openllmetry,
    "OpenInference": openinference,
    "OpenTelemetry genai": otel_genai,
    "logfire": logfire,
}


class Turn(NamedTuple):
    """What one turn measured, in microseconds."""

    create: float
    stream: float


class Figures(NamedTuple):
    """What a variant's turns come to."""

    turns: list[Turn]
    cpu_us: float
    setup_ms: float

    def fastest(self) -> Turn:
        """The smallest of each: what interferes only ever adds."""
        return Turn(*map(min, zip(*self.turns, strict=True)))

    def against(self, base: Figures) -> Turn:
        """The median over all rounds of what this variant took more than another."""
        pairs = list(zip(self.turns, base.turns, strict=True))
        return Turn(
            statistics.median(mine.create - other.create for mine, other in pairs),
            statistics.median(mine.stream / other.stream for mine, other in pairs),
        )


class Worker:
    """A process that measures one variant, a turn at a time, whenever it is told to."""

    def __init__(self, python: str, variant: str, endpoint: str) -> None:
        self._process = subprocess.Popen(
            [python, __file__, "--variant", variant],
            env={**os.environ, "SPANLEDGER_ENDPOINT": endpoint},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._setup_ms = self._ask("begin")[0]
        self._turns: list[Turn] = []

    def turn(self) -> None:
        """Measure once."""
        self._turns.append(Turn(*self._ask("turn")))

    def figures(self) -> Figures:
        """All that was measured, and what is measured only once."""
        [cpu_us] = self._ask("end")
        self._process.wait()
        return Figures(self._turns, cpu_us, self._setup_ms)

    def _ask(self, word: str) -> list[float]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{word}\n")
        stdin.flush()
        return [float(number) for number in stdout.readline().split()]


def run(pythons: Mapping[str, str], rounds: int) -> dict[str, Figures]:
    """Measure variants, each by an interpreter that has what it needs."""
    with accepting() as endpoint:
        workers = {name: Worker(python, name, endpoint) for name, python in pythons.items()}
        for _ in range(rounds):
            for worker in workers.values():
                worker.turn()
        return {name: worker.figures() for name, worker in workers.items()}


@contextmanager
def accepting() -> Iterator[str]:
    """The address of a server that says yes to everything."""

    class Yes(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Yes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def work(variant: str) -> None:
    """Measure in this process, as the lines on standard input say."""
    anthropic.resources.messages  # noqa: B018  # loads what the SDK loads lazily
    start = time.process_time()
    {**VARIANTS, **PEERS}[variant]()
    set_up = time.process_time()
    caller = client()
    for _ in range(2):
        measure(caller)
    for line in sys.stdin:
        word = line.strip()
        if word == "begin":
            print((set_up - start) * 1e3, flush=True)
        elif word == "turn":
            print(*measure(caller), flush=True)
        else:
            print(processor_time(caller), flush=True)
            return


def measure(caller: anthropic.Anthropic) -> Turn:
    """One turn."""
    began = time.thread_time()
    for _ in range(CALLS):
        caller.messages.create(**REQUEST)
    created = time.thread_time()
    for _event in caller.messages.create(**REQUEST, stream=True):
        pass
    streamed = time.thread_time()
    return Turn((created - began) / CALLS * 1e6, (streamed - created) * 1e6)


def processor_time(caller: anthropic.Anthropic) -> float:
    """Microseconds of all threads for a `create`, until its span is out of the process."""
    times = []
    for _ in range(3):
        began = time.process_time()
        for _ in range(CPU_CALLS):
            caller.messages.create(**REQUEST)
        flush()
        times.append((time.process_time() - began) / CPU_CALLS * 1e6)
    return min(times)


def flush() -> None:
    """Have everything exported."""
    if "spanledger" in sys.modules:
        sys.modules["spanledger"].flush(30.0)
    for each in PROVIDERS:
        each.force_flush()


def main() -> None:
    """Run all variants in turns and print a table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--variant", help=argparse.SUPPRESS)
    arguments.add_argument("--rounds", type=int, default=100)
    given = arguments.parse_args()
    if given.variant:
        work(given.variant)
    else:
        print_table(run(dict.fromkeys(VARIANTS, sys.executable), given.rounds))


def print_table(measured: Mapping[str, Figures]) -> None:
    """Print each variant beside the plain SDK."""
    base = measured["plain SDK"]
    least = base.fastest()
    print(
        f"{'':32}{'create':>9}{'added':>9}{'median':>9}{'ratio':>7}"
        f"{'stream':>10}{'ratio':>7}{'median':>8}{'CPU':>9}{'added':>9}{'set-up':>9}"
    )
    for name, figures in measured.items():
        create, stream = figures.fastest()
        more, slower = figures.against(base)
        print(
            f"{name:32}{create:6.0f} µs{create - least.create:6.0f} µs{more:6.0f} µs"
            f"{create / least.create:7.2f}{stream / 1000:7.2f} ms{stream / least.stream:7.3f}"
            f"{slower:8.3f}{figures.cpu_us:6.0f} µs{figures.cpu_us - base.cpu_us:6.0f} µs"
            f"{figures.setup_ms:6.0f} ms"
        )


if __name__ == "__main__":
    main()
