"""Tells one message through Apprise, in a process of its own: `python -m …alerts.postman`.

Apprise brings a hundred ways to connect. Here, before any of them is loaded, everything that opens
a connection in this process is made to ask first where it may go: redirects, names that change
their address and protocols other than HTTP included. The address comes by standard input, so that
no list of processes shows it.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from typing import Any

from spanledger_collector.alerts.addresses import allowed_address

__all__ = ["guard_connections", "main"]

_INTERNET = (socket.AF_INET, socket.AF_INET6)


def guard_connections(*, allow_private: bool) -> None:
    """From now on, let no socket of this process connect to a forbidden address."""
    plain: Any = socket.socket
    connect, connect_ex, sendto = plain.connect, plain.connect_ex, plain.sendto

    def pinned(sock: socket.socket, address: Any) -> Any:
        if sock.family not in _INTERNET:
            return address
        host, port, *more = address
        return (allowed_address(host, port, allow_private=allow_private), port, *more)

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        connect(sock, pinned(sock, address))

    def guarded_connect_ex(sock: socket.socket, address: Any) -> int:
        return int(connect_ex(sock, pinned(sock, address)))

    def guarded_sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
        return int(sendto(sock, data, *rest[:-1], pinned(sock, rest[-1])))

    plain.connect, plain.connect_ex, plain.sendto = (
        guarded_connect,
        guarded_connect_ex,
        guarded_sendto,
    )


def main() -> int:
    """Tell what standard input asks for, and say on standard output what came of it."""
    asked = json.load(sys.stdin)
    guard_connections(allow_private=asked["allow_private"])
    said: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    import apprise  # after the guard

    logger = logging.getLogger("apprise")
    logger.addHandler(Listener(logging.WARNING))
    logger.setLevel(logging.INFO)
    service = apprise.Apprise.instantiate(asked["address"])
    if service is None:
        print(json.dumps({"told": False, "error": "Apprise knows no such address"}))
        return 0
    sender = apprise.Apprise()
    sender.add(service)
    told = sender.notify(
        body=asked["body"],
        title=asked["title"],
        notify_type=asked["type"],
        body_format=apprise.NotifyFormat.TEXT,
    )
    print(json.dumps({"told": bool(told), "error": None if told else " ".join(said)[:500]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
