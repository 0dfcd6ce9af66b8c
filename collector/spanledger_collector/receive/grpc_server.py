"""The port of OTLP/gRPC: opened beside that of HTTP, in the same event loop."""

from __future__ import annotations

import asyncio
import socket
import ssl

from spanledger_collector.receive.grpc import GrpcService
from spanledger_collector.receive.http2 import GREETING_S, Connection

__all__ = ["GrpcServer"]

BACKLOG = 1024


class GrpcServer:
    """Serves connections until it is closed.

    Args:
        service: who answers.
        taken: a socket that is bound already.
        tls: the TLS to speak; None for clear text.
    """

    def __init__(
        self, service: GrpcService, taken: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        self._service = service
        self._socket = taken
        self._tls = tls
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Accept connections; returns the port."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self._service.serve, self._connections),
            sock=self._socket,
            ssl=self._tls,
            ssl_handshake_timeout=None if self._tls is None else GREETING_S,
            backlog=BACKLOG,
        )
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        """Accept no more, and part from every client."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.close()
