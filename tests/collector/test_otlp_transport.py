"""OTLP's checklist, points 1 to 7: signals, compression, limits, protocols, paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import httpx2
import pytest

from spanledger_collector.receive.answers import JSON, PROTOBUF, accepted_body
from spanledger_collector.receive.grpc import SERVICES
from spanledger_collector.server import RunningCollector, running_collector
from tests.collector.support import settings_for
from tests.collector.wires import METHODS, SIGNALS, WIRES, Wire, as_json, request_of, spans, wired

LIMIT = 4096
_TRACES = METHODS["traces"]


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCollector]:
    """A collector that takes bodies of up to 4 KiB."""
    folder = tmp_path_factory.mktemp("tight")
    with running_collector(settings_for(folder, max_body_bytes=LIMIT)) as collector:
        yield collector


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_01_three_signals_on_both_transports(wire: Wire, signal: str) -> None:
    """Traces, metrics and logs are taken in by gRPC and by HTTP."""
    reply = wire.export(signal, request_of(signal))

    assert (reply.http, reply.rejected) == (200, 0)


def test_otlp_01_profiles_are_not_ours(collector: RunningCollector) -> None:
    """Profiles are answered 404, and UNIMPLEMENTED over gRPC, like any service that is not here."""
    answer = httpx2.post(f"{collector.url}/v1development/profiles", content=b"")
    method = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export"
    with (
        grpc.insecure_channel(collector.grpc or "") as channel,
        pytest.raises(grpc.RpcError) as refusal,
    ):
        channel.unary_unary(method)(b"")

    assert answer.status_code == 404
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_02_gzip_everywhere(wire: Wire, signal: str) -> None:
    """Each signal may come compressed by gzip, on each transport."""
    assert wire.export(signal, request_of(signal), gzip=True).http == 200


def test_otlp_02_other_compressions_are_refused(collector: RunningCollector) -> None:
    """What OTLP does not have is 415, UNIMPLEMENTED over gRPC, and the answer says what it has."""
    headers = {"content-type": PROTOBUF, "content-encoding": "zstd"}
    answer = httpx2.post(f"{collector.url}/v1/traces", content=b"x", headers=headers)
    with (
        grpc.insecure_channel(collector.grpc or "") as channel,
        pytest.raises(grpc.RpcError) as refusal,
    ):
        channel.unary_unary(_TRACES)(b"x" * 5000, compression=grpc.Compression.Deflate)

    assert answer.status_code == 415
    assert b"gzip" in answer.content
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("encoding", [JSON, PROTOBUF])
def test_otlp_02_a_plain_body_called_gzip(collector: RunningCollector, encoding: str) -> None:
    """A body that is not the gzip it is called is 400 with a Status."""
    headers = {"content-type": encoding, "content-encoding": "gzip"}
    body = spans().SerializeToString()
    answer = httpx2.post(f"{collector.url}/v1/traces", content=body, headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (400, encoding)


@pytest.mark.parametrize("name", WIRES)
def test_otlp_03_the_limit_holds_to_the_byte(tight: RunningCollector, name: str) -> None:
    """A body of exactly the limit passes; a byte more is 413 or RESOURCE_EXHAUSTED, for good."""
    with wired(name, tight) as wire:
        fits, over = _of_size(name, LIMIT), _of_size(name, LIMIT + 1)
        passed, refused = wire.send("traces", fits), wire.send("traces", over)
        packed = wire.send("traces", fits, gzip=True)
        bomb = wire.send("traces", over, gzip=True)

    assert (len(fits), len(over)) == (LIMIT, LIMIT + 1)
    assert (passed.http, packed.http) == (200, 200)
    for reply in (refused, bomb):
        assert (reply.http, reply.code, reply.retry_after_s) == (413, 8, None)


def _of_size(name: str, size: int) -> bytes:
    """A valid request of exactly so many bytes."""
    if name == "http/json":
        body = json.dumps(as_json(spans())).encode()
        return body + b" " * (size - len(body))
    body = spans().SerializeToString()
    unknown = size - len(body) - 4  # tag and two bytes of length, in a field that nobody knows
    return body + b"\xfa\x3f" + bytes([0x80 | (unknown & 0x7F), unknown >> 7]) + b"x" * unknown


@pytest.mark.parametrize("encoding", [JSON, PROTOBUF])
@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_04_answers_are_short(signal: str, encoding: str) -> None:
    """However much there is to say, an answer stays far below 4 MiB."""
    body = accepted_body(encoding, signal, 7, "reason " * 1_000_000)

    assert 1000 < len(body) < 20_000


@pytest.mark.parametrize("http2", [False, True])
def test_otlp_05_both_versions_of_http(collector: RunningCollector, *, http2: bool) -> None:
    """One port speaks HTTP/1.1 and HTTP/2, protobuf and JSON, over a connection that is kept."""
    with httpx2.Client(base_url=collector.url, http1=not http2, http2=http2) as http:
        answers = [
            http.post("/v1/traces", content=body, headers={"content-type": encoding})
            for body, encoding in ((spans().SerializeToString(), PROTOBUF), (b"{}", JSON)) * 2
        ]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert {answer.http_version for answer in answers} == {"HTTP/2" if http2 else "HTTP/1.1"}


def test_otlp_05_parallel_exports(wire: Wire) -> None:
    """Many requests at once are all answered, over one client."""
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: wire.export("traces", spans(3)), range(64)))

    assert [reply.http for reply in replies] == [200] * 64


@pytest.mark.parametrize(
    "content_type", [JSON, "application/json; charset=utf-8", "APPLICATION/JSON"]
)
def test_otlp_06_spellings_of_the_content_type(
    collector: RunningCollector, content_type: str
) -> None:
    """Content types are compared without case and parameters; the answer has the same type."""
    headers = {"content-type": content_type}
    answer = httpx2.post(f"{collector.url}/v1/traces", content=b"{}", headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert answer.content == b"{}"


@pytest.mark.parametrize("signal", SIGNALS)
def test_otlp_07_wrong_type_method_and_path(collector: RunningCollector, signal: str) -> None:
    """Another or no content type is 415, another method 405, another path 404."""
    with httpx2.Client(base_url=collector.url) as http:
        types = [
            http.post(f"/v1/{signal}", content=b"", headers=headers).status_code
            for headers in ({}, {"content-type": "text/plain"}, {"content-type": ""})
        ]
        methods = [
            http.request(method, f"/v1/{signal}")
            for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS")
        ]
        path = http.post(f"/v1/{signal}/", headers={"content-type": JSON})

    assert types == [415] * 3
    assert [(each.status_code, each.headers["allow"]) for each in methods] == [(405, "POST")] * 5
    assert path.status_code == 404
    assert "OTLP goes to /v1/traces, /v1/metrics and /v1/logs" in path.json()["detail"]


def test_otlp_07_grpc_wants_grpc(collector: RunningCollector) -> None:
    """The gRPC port answers what is HTTP/2 but no gRPC with 415."""
    path = next(iter(SERVICES)).decode()
    with httpx2.Client(base_url=f"http://{collector.grpc}", http1=False, http2=True) as http:
        answer = http.post(path, content=b"", headers={"content-type": JSON})

    assert answer.status_code == 415


def test_the_other_port_says_where_to_go(collector: RunningCollector) -> None:
    """OTLP/HTTP to the gRPC port, and gRPC to the HTTP port, are told so, and not to come again."""
    by_http = httpx2.post(f"http://{collector.grpc}/v1/traces", content=bytes(300_000))
    with grpc.insecure_channel(urlsplit(collector.url).netloc) as channel:
        call = channel.unary_unary(METHODS["traces"])
        with pytest.raises(grpc.RpcError) as refusal:
            call(b"", timeout=60)

    assert by_http.status_code == 400
    assert "speaks OTLP/gRPC" in by_http.text
    assert refusal.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "speaks OTLP/HTTP" in refusal.value.details()


def test_a_port_number_in_the_log_and_the_answer(tmp_path: Path) -> None:
    """An embedded collector tells where gRPC answers, and tells nothing when it is off."""
    with running_collector(settings_for(tmp_path / "a")) as on:
        pass
    with running_collector(settings_for(tmp_path / "b", grpc_port="off")) as off:
        pass

    assert on.grpc is not None
    assert int(on.grpc.rpartition(":")[2]) > 0
    assert off.grpc is None
