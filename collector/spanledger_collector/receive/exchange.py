"""One request over HTTP/2 and its answer, as those see it who serve it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Protocol

from starlette.types import Message

__all__ = ["Exchange", "Header"]

Header = tuple[bytes, bytes]


class Peer(Protocol):
    """The connection that an exchange is on."""

    def consumed(self, stream_id: int, size: int) -> None:
        """Let the peer send as many bytes as were taken."""

    def answer(
        self,
        stream_id: int,
        headers: Sequence[Header],
        body: bytes,
        trailers: Sequence[Header],
    ) -> None:
        """Send an answer."""


class Exchange:
    """One request and its answer, on a stream of a connection."""

    def __init__(self, connection: Peer, stream_id: int, headers: Sequence[Header]) -> None:
        self.headers = headers
        self._connection = connection
        self._stream_id = stream_id
        self._came: deque[Message] = deque()
        self._news = asyncio.Event()

    async def receive(self) -> Message:
        """The next part of the body, as ASGI has it; the peer may send that many bytes more."""
        while not self._came:
            self._news.clear()
            await self._news.wait()
        message = self._came.popleft()
        self._connection.consumed(self._stream_id, message.get("flow", 0))
        return message

    def came(self, message: Message) -> None:
        """Note what came from the peer."""
        self._came.append(message)
        self._news.set()

    def drop(self) -> None:
        """Read no further; what has come counts as taken, or the connection would run dry."""
        while self._came:
            self._connection.consumed(self._stream_id, self._came.popleft().get("flow", 0))

    def answer(self, headers: Sequence[Header], body: bytes, trailers: Sequence[Header]) -> None:
        """Answer; without trailers the headers are all there is."""
        self._connection.answer(self._stream_id, headers, body, trailers)
