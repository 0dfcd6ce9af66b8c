"""Find a port that is free, and say in a paragraph what to do when one is not."""

from __future__ import annotations

import errno
import random
import socket

__all__ = ["PortInUse", "address_to_bind", "bound_socket", "free_port"]

_SPARE = range(20_000, 32_768)
"""Systems hand these to nobody by themselves: one that is free stays so until it is used."""
_TRIES = 100


class PortInUse(Exception):
    """The collector cannot listen where it should; the message says how to find out why."""


def free_port(host: str) -> int:
    """Choose a port that is free on host now.

    Raises:
        OSError: the host is no address of this machine, or everything is taken.
    """
    family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    for port in random.sample(_SPARE, _TRIES):
        with socket.socket(family, kind) as probe:
            try:
                probe.bind((address[0], port, *address[2:]))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
            else:
                return port
    raise OSError(errno.EADDRINUSE, f"no port is free among {_TRIES}")


def address_to_bind(host: str, port: int) -> tuple[str, int]:
    """Find the address to bind, and make sure that nobody listens there; port 0 finds a free one.

    The server binds with SO_REUSEPORT, with which two collectors would silently share the port:
    so it is tried first without.

    Raises:
        PortInUse: somebody does, or the address is not this machine's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port or free_port(host), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return str(address[0]), probe.getsockname()[1]
    except OSError as error:
        raise PortInUse(_why_not(host, port, "port", error)) from error


def bound_socket(host: str, port: int) -> socket.socket:
    """Take the port for gRPC; nobody else can have it from now on.

    Raises:
        PortInUse: somebody has it, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        taken = socket.socket(family, kind, protocol)  # asyncio sends at once only if told TCP
        try:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(address)
        except OSError:
            taken.close()
            raise
    except OSError as error:
        raise PortInUse(_why_not(host, port, "grpc_port", error)) from error
    return taken


def _why_not(host: str, port: int, key: str, error: OSError) -> str:
    variable = f"SPANLEDGER_COLLECTOR__{key.upper()}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is taken: another process listens there. If it is a collector "
            f"of yours, use that one; else find the process with `lsof -i :{port}` and stop it, or "
            f"choose another port with collector.{key} (or {variable})."
            + (" `off` does without gRPC." if key == "grpc_port" else "")
        )
    return (
        f"The collector cannot listen on {host} port {port}: {error.strerror or error}. Set "
        f"collector.host and collector.{key} (or SPANLEDGER_COLLECTOR__HOST and {variable}) "
        "to an address of this machine."
    )
