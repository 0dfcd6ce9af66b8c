"""OTLP's checklist, points 18 to 25: what a sender is told, and whether it sends again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import orjson
import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from spanledger_collector.receive import body as body_module
from spanledger_collector.receive import errors
from spanledger_collector.receive.errors import RequestRefused
from spanledger_collector.receive.limits import WEIGHT
from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.support import JSON, Client, call_span, settings_for
from tests.collector.support import request_of as calls_of
from tests.collector.wires import SIGNALS, WIRES, Wire, spans, wired

RETRIED_BY_HTTP = {429, 502, 503, 504}
RETRIED_BY_GRPC = {1, 4, 10, 11, 14, 15}


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_18_success_says_nothing(wire: Wire, signal: str) -> None:
    """Full success leaves `partial_success` out: no bytes in protobuf, `{}` in JSON."""
    empty = b"{}" if wire.name == "http/json" else b""

    assert wire.send(signal, empty).raw == empty
    assert wire.export("traces", spans()).raw == empty


def test_otlp_19_partial_success_counts_and_explains(wire: Wire) -> None:
    """What is refused is counted and named; it is a success, so nobody sends it again."""
    request = spans(2)
    request.MergeFrom(spans(1, start_time_unix_nano=1, end_time_unix_nano=2))
    reply = wire.export("traces", request)

    assert (reply.http, reply.rejected, reply.message) == (
        200,
        1,
        "spans refused and kept in quarantine: "
        "bad_time: 1 (1 ns since 1970 is before 2020 or more than a day ahead)",
    )


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_20_errors_are_a_status(wire: Wire, signal: str) -> None:
    """An error is a `google.rpc.Status` in the request's encoding, with what is wrong in it."""
    reply = wire.send(signal, b"\xff\xff")

    assert (reply.http, reply.code, reply.retry_after_s) == (400, 3, None)
    if wire.name == "http/json":
        (detail,) = orjson.loads(reply.raw)["details"]
        assert detail["@type"].endswith("google.rpc.BadRequest")
        assert detail["fieldViolations"][0]["description"] == reply.message
    else:
        found = BadRequest()
        assert Status.FromString(reply.raw).details[0].Unpack(found)
        assert found.field_violations[0].description == reply.message


@pytest.mark.parametrize("name", errors.__all__)
def test_otlp_21_only_what_may_be_retried_says_so(name: str) -> None:
    """An error has a time to come again exactly when clients come again after its status."""
    error: type[RequestRefused] = getattr(errors, name)
    again = error.retry_after_s is not None

    assert again == (error.status in RETRIED_BY_HTTP)
    assert again == (error.code in RETRIED_BY_GRPC)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector whose budget of bytes a sender holds, but for what one span takes."""
    folder = tmp_path_factory.mktemp("full")
    with (
        pytest.MonkeyPatch.context() as patch,
        running_collector(settings_for(folder, max_inflight_bytes=1_000_000)) as collector,
    ):
        patch.setattr(body_module, "BODY_DEADLINE_S", 3600.0)
        with holding(collector, 332_000):
            yield collector


@contextmanager
def holding(collector: RunningCollector, size: int) -> Iterator[None]:
    """A request of which so many bytes have come, and the last is missing."""
    address = urlsplit(collector.url)
    head = f"Host: x\r\nContent-Type: {JSON}\r\nContent-Length: {size + 1}\r\n\r\n"
    with socket.create_connection((address.hostname or "", address.port or 0), 60) as connection:
        connection.sendall(f"POST /v1/traces HTTP/1.1\r\n{head}".encode() + b" " * size)
        held = f"spanledger_inflight_bytes {WEIGHT * size}"
        while held not in httpx2.get(f"{collector.url}/metrics").text:
            pass
        yield


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("name", WIRES)
def test_otlp_22_overload_says_come_again_soon(
    full: RunningCollector, name: str, *, gzip: bool
) -> None:
    """Overload is 503 with Retry-After, UNAVAILABLE with RetryInfo: 1 s, which no client minds."""
    with wired(name, full) as wire:
        reply = wire.export("traces", spans(100), gzip=gzip)
        after = wire.export("traces", spans(1))

    assert (reply.http, reply.code, reply.retry_after_s) == (503, 14, 1)
    assert after.http == 200


@pytest.mark.parametrize("name", WIRES)
def test_otlp_23_too_large_is_never_retried(tmp_path: Path, name: str) -> None:
    """A request over the limit is RESOURCE_EXHAUSTED without RetryInfo, 413 without Retry-After."""
    with (
        running_collector(settings_for(tmp_path, max_body_bytes=1000)) as small,
        wired(name, small) as wire,
    ):
        reply = wire.export("traces", spans(100))

    assert (reply.http, reply.code, reply.retry_after_s) == (413, 8, None)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("name", WIRES)
def test_otlp_23_what_never_fits_is_not_told_to_come_again(
    tmp_path: Path, name: str, *, gzip: bool
) -> None:
    """A request that the whole budget of memory would not hold is too large, and no overload."""
    with (
        running_collector(settings_for(tmp_path, max_inflight_bytes=1000)) as small,
        wired(name, small) as wire,
    ):
        reply = wire.export("traces", spans(100), gzip=gzip)

    assert (reply.http, reply.code, reply.retry_after_s) == (413, 8, None)
    assert "max_inflight_bytes" in reply.message


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_24_malformed_messages_of_grpc(collector: RunningCollector, signal: str) -> None:
    """Bytes that are no such message are INVALID_ARGUMENT, not a failure of the server."""
    with wired("grpc", collector) as wire:
        replies = [wire.send(signal, body) for body in (b"\xff", b"\x0a\x05abc")]

    assert [reply.code for reply in replies] == [3, 3]


def test_otlp_25_a_redelivery_counts_once(client: Client) -> None:
    """Delivered again, the same calls are acknowledged again and in the ledger once."""
    delivered(client, times=2)


def test_a13_an_export_a_hundred_times(client: Client) -> None:
    """However often the same calls are delivered, they are in the ledger once."""
    delivered(client, times=100)


def delivered(client: Client, times: int) -> None:
    body = orjson.dumps(calls_of([call_span(f"msg_{number}") for number in range(3)]))
    answers = [client.post(body) for _ in range(times)]
    health = client.health()

    assert {(answer.status_code, answer.content) for answer in answers} == {(200, b"{}")}
    assert (client.total()["calls"], health["duplicates_since_start"]) == (3, 3 * (times - 1))
