"""Attacks on the receiver's content, headers and tokens: each is answered, and nothing breaks."""

from __future__ import annotations

import gzip
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import httpx2
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.routing import Route

from spanledger import semconv
from spanledger_collector.app import Collector
from spanledger_collector.auth import Key, Keys
from spanledger_collector.receive.grpc import SERVICES
from spanledger_collector.server import RunningCollector, running_collector
from spanledger_collector.store.duckdb import DuckDBStore
from tests.collector.support import JSON, Client, attribute, call_span, settings_for
from tests.collector.wires import METHODS, SIGNALS, Wire, as_json, request_of, spans, wired

TOKEN = "correct-horse"
OPEN = {"/healthz", "/readyz"}
HOSTILE = (
    "__proto__",
    "__class__",
    'a"; drop table calls; --',
    "$.x[*]",
    "constructor.prototype",
    "",
    "a\0b",
)


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that wants a token."""
    with running_collector(settings_for(tmp_path_factory.mktemp("l"), token=TOKEN)) as collector:
        yield collector


def raw(collector: RunningCollector, request: bytes) -> bytes:
    """Send bytes as they are and return all that comes back until the connection closes."""
    address = urlsplit(collector.url)
    with socket.create_connection((address.hostname or "", address.port or 0), 60) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def test_a2_gzip_that_lies(collector: RunningCollector) -> None:
    """Nested gzip, a wrong header and a body cut short are 400 and INVALID_ARGUMENT."""
    body = spans().SerializeToString()
    packed = gzip.compress(body)
    headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
    for lie in (gzip.compress(packed), body, packed[:-5], packed + b"x"):
        answer = httpx2.post(f"{collector.url}/v1/traces", content=lie, headers=headers)
        assert answer.status_code == 400
    with wired("grpc", collector) as wire:
        assert wire.send("traces", packed, gzip=True).code == 3
        assert wire.export("traces", spans(), gzip=True).code == 0


def test_a3_huge_headers(collector: RunningCollector) -> None:
    """One header of megabytes, or ten thousand of them, is refused without being kept."""
    start = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\n"
    huge = start + b"X-A: " + b"a" * 5_000_000
    many = start + b"".join(b"X-%d: a\r\n" % number for number in range(10_000)) + b"\r\n"
    for request in (huge, many):
        try:
            answer = raw(collector, request)
        except ConnectionError:
            continue  # it hung up while we were still sending
        assert answer == b"" or b" 431 " in answer.splitlines()[0]
    with wired("grpc", collector) as wire, pytest.raises(grpc.RpcError) as refusal:
        wire.channel.unary_unary(METHODS["traces"])(b"", metadata=[("x", "a" * 20_000)])

    assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert httpx2.get(f"{collector.url}/readyz").status_code == 200


@pytest.mark.parametrize(
    "length", [b"abc", b"-1", b"1, 2", b"+5", b"99999999999999999999999", b"5\r\nContent-Length: 6"]
)
def test_a6_lengths_that_are_none(collector: RunningCollector, length: bytes) -> None:
    """A content length that is no number, or two of them, is 400."""
    start = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = raw(collector, start + b"Content-Length: " + length + b"\r\n\r\n{}")

    assert b" 400 " in answer.splitlines()[0]


@pytest.mark.parametrize("coding", [b"gzip, chunked, identity", b"chunked, gzip", b"xchunked"])
def test_a6_transfer_codings_that_smuggle(collector: RunningCollector, coding: bytes) -> None:
    """A transfer coding that does not end in chunked has no end, and is 400."""
    start = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    answer = raw(collector, start + b"Transfer-Encoding: " + coding + b"\r\n\r\n{}")

    assert b" 400 " in answer.splitlines()[0]


def test_a6_two_lengths_of_two_kinds(collector: RunningCollector) -> None:
    """With Transfer-Encoding beside Content-Length nothing behind the request is ever read."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    start = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    body = b"2\r\n{}\r\n0\r\n\r\n"
    length = b"Content-Length: %d\r\n" % len(body + hidden)
    answer = raw(collector, start + length + b"Transfer-Encoding: chunked\r\n\r\n" + body + hidden)

    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in answer


def test_a6_pipelined_requests_are_answered_in_order(collector: RunningCollector) -> None:
    """Requests sent without waiting get their answers in order, each its own."""
    first = b"POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    good, bad = b"Content-Length: 2\r\n\r\n{}", b"Content-Length: 1\r\n\r\n{"
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = raw(collector, first + good + first + bad + last)
    statuses = re.findall(rb"HTTP/1\.1 (\d+)", answer)

    assert statuses == [b"200", b"400", b"200"]


def every_path(folder: Path) -> list[str]:
    """What the router knows."""
    store = DuckDBStore(folder)
    collector = Collector(store, settings_for(folder).collector)
    store.close()
    return [
        route.path.replace("{name}", "usage")
        for route in collector.routes
        if isinstance(route, Route)
    ]


def test_a8_every_route_is_closed(locked: RunningCollector, tmp_path: Path) -> None:
    """Each route of the router, by any method, is 401 without the token and not 401 with it."""
    guarded = [path for path in every_path(tmp_path) if path not in OPEN]
    headers = {"content-type": JSON}
    with httpx2.Client(base_url=locked.url, headers=headers, timeout=60) as http:
        for path in [*guarded, "/", "/nothing", "/healthz/x", "//healthz", "/metrics/"]:
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"):
                shut = http.request(method, path, content=b"{}")
                opened = http.request(
                    method, path, content=b"{}", headers={"authorization": f"Bearer {TOKEN}"}
                )
                assert (shut.status_code, opened.status_code == 401) == (401, False), (method, path)
        opens = [http.get(path).status_code for path in OPEN]

    assert opens == [200, 200]
    known = {"/v1/traces", "/v1/metrics", "/v1/logs", "/metrics", "/api/v1/queries"}
    assert known | {"/api/v1/query/usage", "/api/v1/prices/reprice"} <= set(guarded)


@pytest.mark.parametrize("path", [*(path.decode() for path in SERVICES), "/some.Service/Method"])
def test_a8_every_method_of_grpc_is_closed(locked: RunningCollector, path: str) -> None:
    """Each gRPC method, known or not, is UNAUTHENTICATED without the token."""
    with (
        grpc.insecure_channel(locked.grpc or "") as channel,
        pytest.raises(grpc.RpcError) as refusal,
    ):
        channel.unary_unary(path)(b"")

    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize(
    "given",
    [
        "",
        TOKEN,
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Bearer  {TOKEN}",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN},{TOKEN}",
        "Bearer ' OR 1=1--",
        "Bearer " + "x" * 10_000,
    ],
)
def test_a9_no_other_token_opens(locked: RunningCollector, given: str) -> None:
    """Near misses and attacks are refused like anything else, on both transports."""
    answer = httpx2.get(f"{locked.url}/api/v1/queries", headers={"authorization": given})
    with (
        grpc.insecure_channel(locked.grpc or "") as channel,
        pytest.raises(grpc.RpcError) as refusal,
    ):
        channel.unary_unary(METHODS["traces"])(b"", metadata=[("authorization", given)])

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert refusal.value.code() is grpc.StatusCode.UNAUTHENTICATED


@pytest.mark.parametrize("length", [1_000, 1_000_000])
def test_a9_tokens_beyond_what_headers_may_be(locked: RunningCollector, length: int) -> None:
    """A token of a megabyte is refused with its header, a NUL in one never gets through."""
    start = (
        b"GET /api/v1/queries HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "
    )
    try:
        answer = raw(locked, start + b"x" * length + b"\r\n\r\n")
    except ConnectionError:
        answer = b""
    nul = raw(locked, start + TOKEN.encode() + b"\0\r\n\r\n")

    assert answer == b"" or answer.splitlines()[0].split()[1] in {b"401", b"431"}
    assert b" 400 " in nul.splitlines()[0]


def test_a9_the_token_opens_in_any_spelling_of_the_scheme(locked: RunningCollector) -> None:
    """The scheme's case does not matter, the token's does."""
    asked = [
        httpx2.get(f"{locked.url}/api/v1/queries", headers={"authorization": given}).status_code
        for given in (f"bearer {TOKEN}", f"BEARER {TOKEN}", f"Bearer {TOKEN.upper()}")
    ]

    assert asked == [200, 200, 401]


def test_a9_every_known_token_is_compared() -> None:
    """A key is found wherever it stands in the list, and a prefix of one is none."""
    keys = Keys([("first", Key("a")), ("second", Key("b", read=False)), ("third", Key())])
    found = [keys.opened_by(f"Bearer {token}".encode()) for token in ("first", "second", "third")]

    assert found == [Key("a"), Key("b", read=False), Key()]
    assert [keys.opened_by(f"Bearer {token}".encode()) for token in ("firs", "", "FIRST")] == [
        None
    ] * 3
    assert Keys([]).opened_by(b"") == Key()


def test_a10_hostile_keys_are_data(client: Client) -> None:
    """Attribute, tag and resource names that mean something elsewhere are kept as text here."""
    span = call_span("msg_1")
    for key in HOSTILE:
        span["attributes"].append(attribute(key, 1))
        span["attributes"].append(attribute(semconv.TAG_PREFIX + key, "value"))
    client.send(span, **{"service.name": "s", **dict.fromkeys(HOSTILE, "x")})
    columns = set(client.query("latest_calls")[0])
    client.send(call_span("msg_2"))

    assert client.total()["calls"] == 2
    assert set(client.query("latest_calls")[0]) == columns
    assert client.http.get("/readyz").status_code == 200


def test_a10_huge_keys_and_many(client: Client) -> None:
    """A key of a megabyte and a hundred thousand attributes are taken, or refused by count."""
    huge, many = call_span("msg_1"), call_span("msg_2")
    huge["attributes"].append(attribute("k" * 1_000_000, "v" * 1_000_000))
    many["attributes"] += [
        attribute(f"{semconv.TAG_PREFIX}k{number}", "v") for number in range(100_000)
    ]
    rejected = [
        int(client.send(span).get("partialSuccess", {}).get("rejectedSpans", 0))
        for span in (huge, many)
    ]

    assert client.total()["calls"] == 2 - sum(rejected)
    assert client.http.get("/readyz").status_code == 200


@given(data=st.data())
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("signal", SIGNALS)
def test_any_bytes_are_answered(wire: Wire, signal: str, data: st.DataObject) -> None:
    """Whatever the body is, random bytes or a request that was tampered with: 200 or 400."""
    request = request_of(signal)
    in_json = wire.name == "http/json"
    whole = orjson.dumps(as_json(request)) if in_json else request.SerializeToString()
    start = data.draw(st.integers(0, len(whole)))
    end = start + data.draw(st.integers(0, 5))
    body = whole[:start] + data.draw(st.binary(max_size=20)) + whole[end:]
    reply = wire.send(signal, body, gzip=data.draw(st.booleans()))

    assert reply.http in {200, 400}
