"""A server that speaks S3, and a way to it on which things go wrong."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import pytest

from tests.lake.environment import ROOT
from tests.lake.services import free_port, kill, wait_until

__all__ = ["KINDS", "Faults", "Gateway", "versitygw"]

KINDS: Final[tuple[str, ...]] = ("503", "500", "slow", "reset", "lost answer")
"""What can go wrong with a request; with the last, it was carried out and nobody learns of it."""
BUCKET: Final = "ledger"
_BODIES: Final = {503: ("SlowDown", "Please reduce your request rate."), 500: ("InternalError", "")}
_SLOW_S: Final = 1.0


def versitygw() -> str:
    """The program that `.ci/versitygw` builds; without it the test is skipped."""
    found = subprocess.run(
        [ROOT / ".ci" / "versitygw", "--there"], capture_output=True, text=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(f"a server that speaks S3: {found.stderr.strip()}")
    return found.stdout.strip()


class Gateway:
    """A server that speaks S3 and keeps objects as files; killed, it loses none."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder, self.port = program, folder, free_port()
        (folder / BUCKET).mkdir(parents=True)
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            [self._program, "--port", f"127.0.0.1:{self.port}", "posix", str(self._folder)],
            env={**os.environ, "ROOT_ACCESS_KEY": "ledger", "ROOT_SECRET_KEY": "ledger-secret"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "the server that speaks S3 answers")

    def kill(self) -> None:
        """Kill -9."""
        kill(self.process)

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        """Kill it in the end."""
        try:
            yield self
        finally:
            self.kill()

    def _answers(self) -> bool:
        assert self.process.poll() is None, "the server that speaks S3 ended"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class Faults:
    """A proxy in front of a server that speaks S3; it lets all through until told otherwise.

    Args:
        port: where the server listens, on this machine.
        seed: of what goes wrong.
    """

    def __init__(self, port: int, seed: int = 1) -> None:
        self._target = port
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self._rate, self._kinds = 0.0, KINDS
        self.seen: Counter[str] = Counter()
        """How many requests went wrong, by kind, and how many did not."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def let(self, rate: float, kinds: tuple[str, ...] = KINDS) -> None:
        """Have this part of all requests go wrong from now on, in these ways."""
        with self._lock:
            self._rate, self._kinds = rate, kinds

    def failed(self, kinds: tuple[str, ...] = KINDS) -> int:
        """How many requests went wrong in these ways."""
        return sum(self.seen[kind] for kind in kinds)

    def settings(self) -> dict[str, str]:
        """Settings of a collector whose lake's files are behind it."""
        return {
            "SPANLEDGER_STORE__DATA_PATH": f"s3://{BUCKET}/calls",
            "SPANLEDGER_STORE__S3_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "SPANLEDGER_STORE__S3_REGION": "us-east-1",
            "SPANLEDGER_STORE__S3_KEY_ID": "ledger",
            "SPANLEDGER_STORE__S3_SECRET": "ledger-secret",
        }

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @contextmanager
    def running(self) -> Iterator[Faults]:
        """Stop in the end."""
        try:
            yield self
        finally:
            self.close()

    def _next(self) -> str:
        with self._lock:
            kind = self._dice.choice(self._kinds) if self._dice.random() < self._rate else "fine"
            self.seen[kind] += 1
            return kind

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        faults = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                kind = faults._next()
                if kind in ("503", "500"):
                    self._refuse(int(kind))
                elif kind == "reset":
                    self._reset()
                else:
                    if kind == "slow":
                        time.sleep(_SLOW_S)
                    self._pass_on(body, answered=kind != "lost answer")

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _any

            def _pass_on(self, body: bytes, *, answered: bool) -> None:
                server = http.client.HTTPConnection("127.0.0.1", faults._target, timeout=60)
                try:
                    server.putrequest(
                        self.command, self.path, skip_host=True, skip_accept_encoding=True
                    )
                    for name, value in self.headers.items():  # as they are: they are signed
                        server.putheader(name, value)
                    server.endheaders(body)
                    answer = server.getresponse()
                    content = answer.read()
                except OSError:  # it is away
                    self._reset()
                    return
                finally:
                    server.close()
                if not answered:
                    self._reset()
                    return
                self.send_response_only(answer.status, answer.reason)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                size = answer.headers.get("content-length") if self.command == "HEAD" else None
                self.send_header("content-length", size or str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def _refuse(self, status: int) -> None:
                code, message = _BODIES[status]
                content = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
                self.send_response_only(status)
                self.send_header("content-type", "application/xml")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def _reset(self) -> None:
                # Lingering for no time: the other end sees a reset, not an orderly end.
                linger = b"\1\0\0\0\0\0\0\0"
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True

            def handle(self) -> None:
                with suppress(OSError):  # whoever asked has gone
                    super().handle()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler
