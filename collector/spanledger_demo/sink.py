"""A webhook of the demo's own, which hands on what alerts tell."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["alert_sink"]

_MOST_BYTES = 1 << 20

Hear = Callable[[str, str], None]
"""Is told the title and the text of a message."""


@contextmanager
def alert_sink(hear: Hear) -> Iterator[str]:
    """Listen on this machine, and give the address to send to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hear))
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/alerts"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hear: Hear) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = min(int(self.headers.get("content-length") or 0), _MOST_BYTES)
            try:
                told = json.loads(self.rfile.read(size))
                hear(str(told["title"]), str(told["text"]))
            except (ValueError, KeyError, TypeError):
                self._answer(400)
            else:
                self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the demo shows the messages themselves."""

    return Handler
