"""The gRPC port as such: framing, flow, connections, and finding out that it is taken."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

import grpc
import pytest
from h2.events import ConnectionTerminated

from spanledger_collector.receive import http2 as http2_module
from spanledger_collector.server import PortInUse, RunningCollector, running_collector
from spanledger_collector.settings import CollectorSettings
from tests.collector.raw_http2 import HEADERS, stream_of
from tests.collector.support import settings_for
from tests.collector.wires import spans, wired


def answer_to(
    collector: RunningCollector, data: bytes, *headers: tuple[bytes, bytes]
) -> dict[bytes, bytes]:
    """Send these bytes as a call's whole body and return the headers and trailers that come."""
    got: dict[bytes, bytes] = {}
    with stream_of(collector, list(headers)) as (connection, http2):
        http2.send_data(1, data, end_stream=True)
        connection.sendall(http2.data_to_send())
        while b"grpc-status" not in got:
            chunk = connection.recv(65536)
            assert chunk, got
            for event in http2.receive_data(chunk):
                got |= dict(getattr(event, "headers", None) or ())
    return got


def message(body: bytes, flag: int = 0, length: int | None = None) -> bytes:
    return bytes([flag]) + struct.pack(">I", len(body) if length is None else length) + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0",
        message(b"", length=5),
        message(b"") + message(b""),
        message(b"") + b"x",
        message(b"", flag=2),
    ],
)
def test_anything_but_one_whole_message_is_invalid(
    collector: RunningCollector, data: bytes
) -> None:
    """A unary call carries one message; less, more or an unknown flag is INVALID_ARGUMENT."""
    assert answer_to(collector, data)[b"grpc-status"] == b"3"


def test_a_compressed_message_names_its_compression(collector: RunningCollector) -> None:
    """A message that is compressed nobody says how cannot be read; the answer says what can be."""
    got = answer_to(collector, message(b"x", flag=1))

    assert got[b"grpc-status"] == b"12"
    assert got[b"grpc-accept-encoding"] == b"identity,gzip"


def test_success_has_a_message_and_trailers(collector: RunningCollector) -> None:
    """An empty request is answered as gRPC wants it: headers, an empty message, status 0."""
    got = answer_to(collector, message(b""))

    assert (got[b":status"], got[b"content-type"]) == (b"200", b"application/grpc")
    assert got[b"grpc-status"] == b"0"


def test_messages_of_errors_are_plain_text(collector: RunningCollector) -> None:
    """What is wrong arrives readable, whatever characters it has."""
    with wired("grpc", collector) as wire:
        reply = wire.send("traces", b"\xff")

    assert "ExportTraceServiceRequest" in reply.message


def test_a_long_body_comes_through_small_windows(collector: RunningCollector) -> None:
    """A message many times larger than the flow-control windows arrives whole."""
    with wired("grpc", collector) as wire:
        reply = wire.export("traces", spans(1, name="x" * 20_000_000))

    assert (reply.http, reply.rejected) == (200, 0)


def test_an_early_refusal_ends_the_stream_alone(tmp_path: Path) -> None:
    """A refusal amid a long message stops that message; the connection serves the next one."""
    with (
        running_collector(settings_for(tmp_path, max_body_bytes=1 << 20)) as collector,
        wired("grpc", collector) as wire,
    ):
        replies = [wire.send("traces", bytes(8 << 20)).code for _ in range(5)]
        after = wire.export("traces", spans()).code

    assert (replies, after) == ([8] * 5, 0)


def test_what_is_no_http2_is_hung_up_on(collector: RunningCollector) -> None:
    """A client that speaks HTTP/1.1 to the gRPC port, or nonsense, is disconnected."""
    host, _, port = (collector.grpc or "").rpartition(":")
    for nonsense in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\xff" * 100):
        with socket.create_connection((host, int(port)), 60) as connection:
            connection.sendall(nonsense)
            while connection.recv(65536):
                pass
    with wired("grpc", collector) as wire:
        assert wire.export("traces", spans()).code == 0


def test_who_says_nothing_is_hung_up_on(
    collector: RunningCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection on which no HTTP/2 is begun is closed after a while."""
    monkeypatch.setattr(http2_module, "GREETING_S", 0.05)
    host, _, port = (collector.grpc or "").rpartition(":")
    with socket.create_connection((host, int(port)), 60) as connection:
        while connection.recv(65536):
            pass


def test_streams_that_are_reset_at_once_cost_the_connection(collector: RunningCollector) -> None:
    """Streams opened and reset without end (rapid reset) end with the connection, not with us."""
    with stream_of(collector, []) as (connection, http2):
        ended = False
        for number in range(3, 20_001, 2):
            http2.send_headers(number, HEADERS)
            http2.reset_stream(number)
        try:
            connection.sendall(http2.data_to_send())
            while not ended and (chunk := connection.recv(65536)):
                events = http2.receive_data(chunk)
                ended = any(isinstance(event, ConnectionTerminated) for event in events)
        except ConnectionError:
            ended = True
    with wired("grpc", collector) as wire:
        assert wire.export("traces", spans()).code == 0

    assert ended


def test_a_client_that_leaves_is_forgotten(collector: RunningCollector) -> None:
    """A call that its client resets or leaves amid the body holds nothing afterwards."""
    for _ in range(20):
        with stream_of(collector, []) as (connection, http2):
            http2.send_data(1, message(b"abc", length=1000))
            http2.reset_stream(1)
            connection.sendall(http2.data_to_send())
    with wired("grpc", collector) as wire:
        reply = wire.export("traces", spans())
        metrics = wire.http.get("/metrics").text

    assert reply.code == 0
    assert "spanledger_inflight_bytes 0.0" in metrics


def test_a_closing_collector_says_come_again(tmp_path: Path) -> None:
    """While it stops, the gRPC port answers UNAVAILABLE or is gone: both are sent again."""
    with running_collector(settings_for(tmp_path)) as collector, wired("grpc", collector) as wire:
        assert wire.export("traces", spans()).code == 0
        collector.stop()
        codes = set()
        while grpc.StatusCode.UNAVAILABLE.value[0] not in codes:
            codes.add(wire.send("traces", b"").code)

    assert codes <= {0, grpc.StatusCode.UNAVAILABLE.value[0]}


def test_a_taken_grpc_port_is_named(tmp_path: Path) -> None:
    """The error names the port, its setting and how to do without; no data folder is made."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = settings_for(tmp_path / "data", grpc_port=port)
        with pytest.raises(PortInUse) as refusal, running_collector(settings):
            pass

    for part in (str(port), "collector.grpc_port", "SPANLEDGER_COLLECTOR__GRPC_PORT", "`off`"):
        assert part in str(refusal.value)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, 4317),
        ({"port": 0}, 0),
        ({"port": 4400}, None),
        ({"port": 4400, "grpc_port": 4399}, 4399),
        ({"grpc_port": "off"}, None),
        ({"grpc_port": 0}, 0),
    ],
)
def test_which_port_grpc_gets(given: dict[str, object], asked: int | None) -> None:
    """Unless told, gRPC is beside the standard port, on any port beside any port, else off."""
    assert CollectorSettings.model_validate(given).grpc_asked == asked
