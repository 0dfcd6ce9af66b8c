"""What the collector listens with: two ports and their TLS, made sure of before all else."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

from spanledger_collector.ports import address_to_bind, bound_socket
from spanledger_collector.settings import CollectorSettings
from spanledger_collector.tls import server_context

__all__ = ["Ports", "opened"]


class Ports(NamedTuple):
    """Where to listen: found free, or taken already."""

    address: str
    port: int
    grpc: socket.socket | None
    tls: ssl.SSLContext | None


@contextmanager
def opened(settings: CollectorSettings) -> Iterator[Ports]:
    """Find both ports, and hold that of gRPC.

    Raises:
        PortInUse: a port is taken.
        TlsError: the certificate files cannot be used.
    """
    tls = server_context(settings)
    wanted = settings.grpc_asked
    address, port = address_to_bind(settings.host, settings.port)
    grpc = None if wanted is None else bound_socket(settings.host, wanted)
    with grpc or nullcontext():
        yield Ports(address, port, grpc, tls)
