"""Read a request body under caps of size, memory and time; undo gzip under the same caps."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from starlette.types import Message, Receive, Scope

from spanledger_collector.receive.errors import (
    BodyTooLarge,
    MalformedBody,
    Overloaded,
    UnsupportedBody,
)
from spanledger_collector.receive.limits import Lease

__all__ = ["BODY_DEADLINE_S", "ClientGone", "Remains", "in_time", "inflate", "part_of", "read_body"]

BODY_DEADLINE_S = 30.0
_GZIP = 16 + zlib.MAX_WBITS
_STEP = 1 << 20


class ClientGone(Exception):
    """The client went away before its request was complete."""


class Remains:
    """What has not been read of a request's body, to be read on before the answer begins.

    A connection closed on a busy sender reads as a reset: the answer is lost, and clients retry.

    Args:
        scope: the request's.
        receive: brings its body.
        limit: bytes of it beyond which patience ends.
    """

    def __init__(self, scope: Scope, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self._turn = asyncio.Lock()  # of a handler that waits for the client to go
        self._until = asyncio.get_running_loop().time() + BODY_DEADLINE_S
        self.coming = any(_tells_of_a_body(name, value) for name, value in scope["headers"])

    async def receive(self) -> Message:
        """Receive a message for whoever handles the request."""
        async with self._turn:
            return await self._next()

    async def read_on(self) -> None:
        """Swallow what is still coming."""
        with anyio.CancelScope(deadline=self._until):
            while self.coming and self._left > 0:
                async with self._turn:
                    if self.coming:
                        await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        self.coming = bool(message.get("more_body", False))
        return message


def _tells_of_a_body(name: bytes, value: bytes) -> bool:
    return name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")


async def read_body(receive: Receive, declared: int | None, limit: int, lease: Lease) -> bytes:
    """Read the whole body as sent.

    Raises:
        BodyTooLarge: more than `limit` bytes.
        Overloaded: no memory left for it, or it did not come in time.
        ClientGone: the client went away.
    """
    if declared is not None and declared > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    more = True
    with in_time("The body"):
        while more:
            chunk, more = part_of(await receive())
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            lease.grow(len(chunk))
            chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


@contextmanager
def in_time(what: str) -> Iterator[None]:
    """Read something within the time that senders have.

    Raises:
        Overloaded: it did not come in time.
    """
    try:
        with anyio.fail_after(BODY_DEADLINE_S):
            yield
    except TimeoutError as error:
        raise Overloaded(f"{what} did not arrive within {BODY_DEADLINE_S:.0f} s.") from error


def part_of(message: Message) -> tuple[bytes, bool]:
    """What a message of ASGI brings of the body, and whether more will come.

    Raises:
        ClientGone: nothing will.
    """
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), bool(message.get("more_body", False))


def inflate(body: bytes, encoding: str, limit: int, lease: Lease) -> bytes:
    """Undo the content encoding.

    Raises:
        UnsupportedBody: an encoding other than gzip and identity.
        MalformedBody: no valid gzip.
        BodyTooLarge: more than `limit` bytes come out.
    """
    if encoding in {"", "identity"} or (not body and encoding == "gzip"):
        return body
    if encoding != "gzip":
        raise UnsupportedBody(f"Content-Encoding must be gzip or identity, not {encoding[:40]!r}.")
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in _gunzip(body):
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            lease.grow(len(chunk))
            chunks.append(chunk)
    except zlib.error as error:
        raise MalformedBody("Content-Encoding is gzip, but the body is not valid gzip.") from error
    return b"".join(chunks)


def _gunzip(body: bytes) -> Iterator[bytes]:
    """Yield what the members of a gzip body hold, a bounded piece at a time."""
    while body:
        member = zlib.decompressobj(_GZIP)
        while not member.eof:
            chunk = member.decompress(body, _STEP)
            body = member.unconsumed_tail
            if not chunk and not body and not member.eof:
                raise zlib.error("the body ends inside a gzip member")
            yield chunk
        body = member.unused_data


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The request is larger than {limit} bytes (collector.max_body_bytes), as sent or after "
        "decompression. Export smaller batches."
    )
