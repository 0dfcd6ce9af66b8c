"""Does memory stay flat: 10,000 streams open at once, and a million calls.

    python benchmarks/leaks.py [--streams N] [--calls N] [NAME…]

The plain SDK and the SDK with us run in processes of their own, against an in-process transport.
`instrument()` delivers for real, to a receiver that accepts everything, and once to nobody, where
its buffer may fill and no more. Of the streams, half are read to the end, a quarter is closed early
and a quarter dropped unread. Of twenty calls, one is refused, one is a stream that is read and one
a stream that is broken off. What counts is what stays after they have ended.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from typing import Any, NamedTuple

import anthropic
import httpx2
import psutil
from instrumentation import MESSAGE, REQUEST, spanledger_provider
from opentelemetry import trace

SSE = {"content-type": "text/event-stream"}
PARTS = (
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_01","type":"message"'
    b',"role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,'
    b'"stop_sequence":null,"usage":{"input_tokens":9,"output_tokens":1}}}\n\n',
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn",'
    b'"stop_sequence":null},"usage":{"output_tokens":5}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
)


class Held(NamedTuple):
    """What a process holds."""

    mebibytes: float
    objects: int

    @staticmethod
    def now() -> Held:
        """Collect garbage and look."""
        gc.collect()
        return Held(psutil.Process().memory_info().rss / 2**20, len(gc.get_objects()))

    def __str__(self) -> str:
        return f"{self.mebibytes:8.1f} MiB {self.objects:9,} objects"


# --- 10,000 streams at once ----------------------------------------------------------------------


def async_client() -> anthropic.AsyncAnthropic:
    """A client whose transport streams one event, then the rest, in process."""

    async def body() -> AsyncIterator[bytes]:
        for part in PARTS:
            yield part

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=body(), headers=SSE)

    made = httpx2.AsyncClient(transport=httpx2.MockTransport(answer), timeout=None)
    return anthropic.AsyncAnthropic(api_key="x", http_client=made)


async def open_and_end(caller: anthropic.AsyncAnthropic, count: int) -> Held:
    """Open many streams, end each in one of three ways; what was held while all were open."""
    streams: list[Any] = [
        await caller.messages.create(**REQUEST, stream=True) for _ in range(count)
    ]
    iterators = [aiter(stream) for stream in streams]
    for iterator in iterators[: count // 4 * 3]:
        await anext(iterator)
    most = Held.now()
    for at, (stream, iterator) in enumerate(zip(streams, iterators, strict=True)):
        if at < count // 2:
            async for _event in iterator:
                pass
        elif at < count // 4 * 3:
            await stream.close()
    return most


async def stream_rounds(count: int, settle: Settle) -> None:
    """Open all streams five times; the first two tell what the process needs anyway."""
    caller = async_client()
    for round_ in range(1, 6):
        most = await open_and_end(caller, count)
        for _ in range(3):  # the loop closes the generators that were dropped
            gc.collect()
            for _ in range(100):
                await asyncio.sleep(0)
        said = settle()
        print(f"  {count:,} streams, round {round_}: open {most}, ended {Held.now()}{said}")


# --- a million calls -----------------------------------------------------------------------------


def client() -> anthropic.Anthropic:
    """A client whose transport answers in process, and refuses when asked for no model."""
    whole = json.dumps(MESSAGE).encode()

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        if not asked["model"]:
            return httpx2.Response(
                529, json={"type": "error", "error": {"type": "overloaded_error"}}
            )
        if asked.get("stream"):
            return httpx2.Response(200, content=iter(PARTS), headers=SSE)
        return httpx2.Response(200, content=whole, headers={"content-type": "application/json"})

    made = httpx2.Client(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="x", http_client=made, max_retries=0)


def calls(caller: anthropic.Anthropic) -> Iterator[Callable[[], None]]:
    """The calls of a service, without end."""

    def create() -> None:
        caller.messages.create(**REQUEST)

    def refused() -> None:
        with suppress(anthropic.APIStatusError):
            caller.messages.create(**{**REQUEST, "model": ""})

    def read() -> None:
        for _event in caller.messages.create(**REQUEST, stream=True):
            pass

    def broken_off() -> None:
        with caller.messages.create(**REQUEST, stream=True) as stream:
            next(iter(stream))

    return cycle([create] * 17 + [refused, read, broken_off])


def call_rounds(count: int, settle: Settle) -> None:
    """Make all calls, looking at every tenth of the way."""
    kinds = calls(client())
    for tenth in range(1, 11):
        for _ in range(count // 10):
            next(kinds)()
        said = settle()
        print(f"  {count // 10 * tenth:9,} calls: {Held.now()}{said}", flush=True)


# --- with us and without --------------------------------------------------------------------------


@contextmanager
def receiver() -> Iterator[str]:
    """A collector that accepts everything and keeps nothing."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


Settle = Callable[[], str]
"""Waits until spans that ended are out of the way; says what became of them."""


def without(_url: str) -> Settle:
    """The plain SDK."""
    return str


def with_provider(_url: str) -> Settle:
    """`AnthropicInstrumentor` and a batch processor that throws everything away."""
    spanledger_provider()
    processor = trace.get_tracer_provider()

    def settle() -> str:
        processor.force_flush()  # type: ignore[attr-defined]  # it is the SDK's
        return ""

    return settle


def one_line(url: str) -> Settle:
    """`instrument()` as services have it."""
    import spanledger

    spanledger.instrument(url)

    def settle() -> str:
        spanledger.flush(2.0)
        stats = spanledger.delivery_stats()
        return f"; {stats.delivered:,} delivered, {stats.waiting:,} wait, {stats.dropped:,} dropped"

    return settle


def nobody_listens(_url: str) -> Settle:
    """The same, towards a port at which nobody answers."""
    return one_line("http://127.0.0.1:9")


COMPARED: dict[str, Callable[[str], Settle]] = {
    "plain SDK": without,
    "spanledger, service's provider": with_provider,
    "spanledger, one line": one_line,
    "spanledger, one line, no collector": nobody_listens,
}


def main() -> None:
    """Run each variant in a process of its own."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--variant", nargs=2, help=argparse.SUPPRESS)
    arguments.add_argument("names", nargs="*", default=list(COMPARED), metavar="NAME")
    arguments.add_argument("--streams", type=int, default=10_000)
    arguments.add_argument("--calls", type=int, default=1_000_000)
    given = arguments.parse_args()
    if given.variant:
        name, url = given.variant
        settle = COMPARED[name](url)
        asyncio.run(stream_rounds(given.streams, settle))
        call_rounds(given.calls, settle)
        return
    with receiver() as url:
        for name in given.names:
            print(name, flush=True)
            sizes = ["--streams", str(given.streams), "--calls", str(given.calls)]
            subprocess.run([sys.executable, __file__, "--variant", name, url, *sizes], check=True)


if __name__ == "__main__":
    main()
