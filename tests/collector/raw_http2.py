"""gRPC calls made by hand on a bare HTTP/2 connection, for what no gRPC client would do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection

from spanledger_collector.server import RunningCollector
from tests.collector.wires import METHODS

HEADERS = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":authority", b"x"),
    (b":path", METHODS["traces"].encode()),
    (b"te", b"trailers"),
    (b"content-type", b"application/grpc"),
]


@contextmanager
def stream_of(
    collector: RunningCollector, headers: list[tuple[bytes, bytes]]
) -> Iterator[tuple[socket.socket, H2Connection]]:
    """A gRPC call of which only the headers were sent."""
    host, _, port = (collector.grpc or "").rpartition(":")
    http2 = H2Connection(H2Configuration(header_encoding=None))
    with socket.create_connection((host, int(port)), 60) as connection:
        http2.initiate_connection()
        http2.send_headers(1, [*HEADERS, *headers])
        connection.sendall(http2.data_to_send())
        yield connection, http2


def answered(connection: socket.socket, http2: H2Connection) -> int:
    """Read on until the call's code has come."""
    while chunk := connection.recv(65536):
        for event in http2.receive_data(chunk):
            trailers = dict(getattr(event, "headers", None) or ())
            if b"grpc-status" in trailers:
                return int(trailers[b"grpc-status"])
    raise AssertionError("the collector hung up without an answer")
