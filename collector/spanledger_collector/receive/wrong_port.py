"""What each of the two ports tells a client that belongs to the other; ready bytes and headers."""

from __future__ import annotations

from typing import Final

__all__ = ["GRPC_HEADERS", "HTTP_ANSWER", "speaks_http_1"]

_METHODS: Final = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"OPTIONS ", b"PATCH ")
_HERE_IS_GRPC: Final = (
    b"This port speaks OTLP/gRPC (collector.grpc_port, 4317 by default). OTLP/HTTP and the query "
    b"API are at collector.port, 4318 by default."
)
HTTP_ANSWER: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_HERE_IS_GRPC), _HERE_IS_GRPC)
)
"""From the port of gRPC to a client of HTTP/1.1: 400, which no exporter sends again."""
GRPC_HEADERS: Final = {
    "content-type": "application/grpc",
    "grpc-status": "12",
    "grpc-message": "This port speaks OTLP/HTTP (collector.port, 4318 by default). "
    "OTLP/gRPC is at collector.grpc_port, 4317 by default.",
}
"""From the port of HTTP to a client of gRPC: UNIMPLEMENTED."""


def speaks_http_1(data: bytes) -> bool:
    """Whether a connection that begins so is one of HTTP/1.1."""
    return data.startswith(_METHODS)
