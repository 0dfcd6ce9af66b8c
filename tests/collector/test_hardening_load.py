"""Attacks by size, number and slowness: memory stays within its budget and others are served."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from google.protobuf.message import Message

from spanledger_collector.receive import body as body_module
from spanledger_collector.receive.errors import MalformedBody, Overloaded
from spanledger_collector.receive.limits import InflightBudget
from spanledger_collector.receive.pieces import pieces
from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.processes import MIB, started
from tests.collector.raw_http2 import answered, stream_of
from tests.collector.support import PROTOBUF, settings_for
from tests.collector.wires import REQUESTS, SIGNALS, WIRES, request_of, spans, wired

SLACK = 64 * MIB
"""What threads, buffers of the operating system and the allocator may take beside the budget."""

HEADER_PATIENCE_S = 15
"""After this long the collector hangs up on who has not finished a header."""


def bomb() -> bytes:
    """A gzip of a gigabyte of zeros, of sixteen members, a thousandth of its size."""
    return gzip.compress(bytes(64 * MIB), 9) * 16


@pytest.mark.parametrize("name", ["http/protobuf", "grpc"])
def test_a1_a_gzip_bomb_takes_no_memory(tmp_path: Path, name: str) -> None:
    """A megabyte that unpacks to a gigabyte is refused at the limit, for good."""
    packed = bomb()
    with started(tmp_path) as collector, wired(name, collector.running) as wire:
        wire.export("traces", spans(100), gzip=True)
        base = collector.resident_bytes()
        if name == "grpc":
            code = send_compressed(collector.running, packed)
        else:
            headers = {"content-type": PROTOBUF, "content-encoding": "gzip"}
            code = wire.http.post("/v1/traces", content=packed, headers=headers).status_code
        peak = collector.peak_bytes()
        alive = wire.export("traces", spans()).http

    assert len(packed) < 2 * MIB
    assert code == {"grpc": 8, "http/protobuf": 413}[name]
    assert peak < base + 2 * 64 * MIB + SLACK
    assert alive == 200


def send_compressed(collector: RunningCollector, packed: bytes) -> int:
    """Send a gRPC message that is compressed already; returns the code of the answer."""
    with stream_of(collector, [(b"grpc-encoding", b"gzip")]) as (connection, http2):
        message = b"\1" + struct.pack(">I", len(packed)) + packed
        while message:
            room = min(http2.local_flow_control_window(1), http2.max_outbound_frame_size)
            if room:
                http2.send_data(1, message[:room], end_stream=len(message) <= room)
                message = message[room:]
                connection.sendall(http2.data_to_send())
            else:
                http2.receive_data(connection.recv(65536))
        return answered(connection, http2)


@pytest.mark.parametrize("name", WIRES)
def test_a5_many_of_the_largest_bodies(tmp_path: Path, name: str) -> None:
    """64 bodies of the largest size at once: most are to come again, memory keeps its budget."""
    limit, budget = 16 * MIB, 96 * MIB
    size = limit - 1024
    largest = b"{}" + b" " * size if name == "http/json" else unknown_field(size)
    limits = {"max_body_bytes": str(limit), "max_inflight_bytes": str(budget)}
    with started(tmp_path, **limits) as collector, wired(name, collector.running) as wire:
        wire.export("traces", spans(100))
        base = collector.resident_bytes()
        with ThreadPoolExecutor(64) as pool:
            replies = list(pool.map(lambda _: wire.send("traces", largest), range(64)))
        peak = collector.peak_bytes()
        after = wire.send("traces", largest).http

    assert {(reply.http, reply.retry_after_s) for reply in replies} <= {(200, None), (503, 1)}
    assert peak < base + budget + SLACK
    assert after == 200


def test_a5_bodies_that_break_off(tmp_path: Path) -> None:
    """Forty senders in turn hang up on most of a large body: nothing of it stays in memory."""
    head = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
    head += b"Content-Length: %d\r\n\r\n" % (16 * MIB)
    with started(tmp_path) as collector, wired("http/protobuf", collector.running) as wire:
        wire.export("traces", spans(100))
        base = collector.resident_bytes()
        address = urlsplit(collector.running.url)
        for _ in range(40):
            where = address.hostname or "", address.port or 0
            with socket.create_connection(where, 60) as connection:
                connection.sendall(head + bytes(15 * MIB))
        after = wire.export("traces", spans(100)).http
        peak = collector.peak_bytes()

    assert after == 200
    assert peak < base + 3 * 16 * MIB + SLACK


def unknown_field(size: int) -> bytes:
    """A message whose one field nobody knows."""
    length, rest = bytearray(), size
    while rest > 0x7F:
        length.append(0x80 | (rest & 0x7F))
        rest >>= 7
    return b"\xfa\x3f" + bytes([*length, rest]) + bytes(size)


@pytest.mark.parametrize("kind", ["http headers", "http body", "grpc body", "tcp"])
def test_a4_five_hundred_stalled_connections(tmp_path: Path, kind: str) -> None:
    """While five hundred connections stall, good requests are answered on every way in."""
    with started(tmp_path) as process, ExitStack() as exits:
        collector = process.running
        opened = time.monotonic()
        stalled = [exits.enter_context(stall(collector, kind)) for _ in range(500)]
        replies = []
        for name in WIRES:
            with wired(name, collector) as wire:
                replies.append(wire.export("traces", spans()).http)
        ended = [each for each in stalled if hung_up(each)]
        overdue = time.monotonic() - opened > HEADER_PATIENCE_S

    assert replies == [200] * 3
    assert ended == [] or overdue


@contextmanager
def stall(collector: RunningCollector, kind: str) -> Iterator[socket.socket]:
    """A client that begins something and goes on with nothing."""
    if kind == "grpc body":
        with stream_of(collector, []) as (connection, http2):
            http2.send_data(1, b"\0\0\0\1\0abc")
            connection.sendall(http2.data_to_send())
            yield connection
        return
    address = urlsplit(collector.url)
    start = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"
    sent = {
        "tcp": b"",
        "http headers": start,
        "http body": start + b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    }[kind]
    with socket.create_connection((address.hostname or "", address.port or 0), 60) as connection:
        connection.sendall(sent)
        yield connection


def hung_up(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False


def test_a4_a_slow_body_is_told_to_come_again(
    collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that does not arrive in time is answered 503 or UNAVAILABLE, never 408."""
    monkeypatch.setattr(body_module, "BODY_DEADLINE_S", 0.05)
    with stall(collector, "http body") as connection:
        by_http = connection.recv(65536)
    with stream_of(collector, []) as (connection, http2):
        http2.send_data(1, b"\0\0\0\1\0abc")
        connection.sendall(http2.data_to_send())
        by_grpc = answered(connection, http2)

    assert b" 503 " in by_http.splitlines()[0]
    assert by_grpc == 14


def test_bodies_over_the_limit_are_drained(tmp_path: Path) -> None:
    """A chunked body beyond the limit is read on, so that its sender sees 413 and not a reset."""
    with running_collector(settings_for(tmp_path, max_body_bytes=MIB)) as collector:
        answer = httpx2.post(
            f"{collector.url}/v1/traces",
            content=iter([bytes(65536)] * 30),
            headers={"content-type": PROTOBUF},
        )

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/api/v1/query/health", 200),
        ("GET", "/api/v1/export/calls", 200),
        ("GET", "/nowhere", 404),
        ("DELETE", "/v1/traces", 405),
        ("POST", "/v1/traces", 415),
        ("POST", "/api/v1/backup", 200),
        ("POST", "/metrics", 405),
    ],
)
def test_a_body_that_nobody_asked_for(
    locked: RunningCollector, method: str, path: str, status: int
) -> None:
    """Whatever is sent with a request, its sender reads the answer, and not a reset."""
    headers = {"authorization": "Bearer all"}
    for body in (b"{}", bytes(300_000), iter([bytes(65536)] * 10)):
        answer = httpx2.request(method, locked.url + path, content=body, headers=headers)
        assert answer.status_code == status
        assert len(answer.content) == int(answer.headers.get("content-length", len(answer.content)))
    refused = httpx2.request(method, locked.url + path, content=bytes(300_000))

    assert refused.status_code == (200 if path == "/healthz" else 401)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that wants a token."""
    folder = tmp_path_factory.mktemp("locked")
    with running_collector(settings_for(folder, token="all")) as collector:
        yield collector


def test_a_body_that_never_comes(
    collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that was announced, not asked for, and does not arrive in time delays no longer."""
    monkeypatch.setattr(body_module, "BODY_DEADLINE_S", 0.05)
    address = urlsplit(collector.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 60) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        answer = connection.recv(65536)

    assert b" 200 " in answer.splitlines()[0]


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("size", [1, 50, 300, 10**6])
def test_pieces_hold_what_the_whole_held(signal: str, size: int) -> None:
    """A request cut into pieces of any size holds the same records in the same company."""
    request = REQUESTS[signal]()
    for number in range(3):
        part = request_of(signal)
        resource = getattr(part, f"resource_{_HOLDERS[signal]}")[0]
        resource.resource.attributes.add(key="n").value.int_value = number
        for _ in range(2):
            resource.MergeFrom(resource)
        request.MergeFrom(part)
    body = request.SerializeToString()
    cut = [REQUESTS[signal].FromString(piece) for piece in pieces(body, size)]

    assert records(signal, cut) == records(signal, [request])
    assert max(len(piece) for piece in pieces(body, size)) <= max(size, 60) + 60


_HOLDERS = {"traces": "spans", "metrics": "metrics", "logs": "logs"}
_RECORDS = {"traces": "spans", "metrics": "metrics", "logs": "log_records"}


def records(signal: str, requests: Sequence[Message]) -> list[tuple[Message, Message, Message]]:
    """Every record with its resource and its scope, in order."""
    return [
        (resource.resource, scope.scope, record)
        for request in requests
        for resource in getattr(request, f"resource_{_HOLDERS[signal]}")
        for scope in getattr(resource, f"scope_{_HOLDERS[signal]}")
        for record in getattr(scope, _RECORDS[signal])
    ]


@pytest.mark.parametrize("body", [b"\x0a\x05abc", b"\x0b", b"\x0a\xff", b"\x09abc", b"\xff" * 20])
def test_what_is_not_framed_has_no_pieces(body: bytes) -> None:
    """Bytes that are cut short, or no protobuf at all, are malformed."""
    with pytest.raises(MalformedBody):
        list(pieces(body, 1))


def test_the_budget_is_given_back() -> None:
    """What requests held is free again after them, also when one of them failed."""
    budget = InflightBudget(100)

    async def request(size: int) -> None:
        with budget.lease() as lease:
            lease.grow(size)
            await asyncio.sleep(0)
            lease.grow(size)

    async def all_at_once() -> list[BaseException | None]:
        return await asyncio.gather(*(request(10) for _ in range(3)), return_exceptions=True)

    results = asyncio.run(all_at_once())

    assert sum(isinstance(each, Overloaded) for each in results) >= 1
    assert budget.held == 0
