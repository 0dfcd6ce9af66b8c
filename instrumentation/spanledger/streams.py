"""Watching a response that is still being read: its events and its bytes.

What the caller reads stays what it was: same objects, same order, same laziness, same exceptions.
Sync and async differ by `await` alone; everything worth reading is in `Call`.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from functools import lru_cache
from typing import Any, Literal

from ._guard import guard
from .call import Call

_KINDS = frozenset({"SyncByteStream", "AsyncByteStream"})
_KEPT_BYTES = 8 * 2**20
"""A body read by the caller's own means is kept up to here to find its usage; no message is larger
in practice, and beyond it the call is reported without usage rather than at any price."""


def watch(source: Any, call: Call) -> Iterator[Any]:
    """Pass on the SDK's events, showing each to the call first."""
    boring: type | None = None
    with closing(source), _watching(call):
        for event in source:
            call.pulling = False
            if event.__class__ is not boring:
                boring = call.event(event)
            yield event
            call.pulling = True


async def watch_async(source: Any, call: Call) -> AsyncIterator[Any]:
    """As `watch`, for the async client."""
    boring: type | None = None
    async with aclosing(source):
        with _watching(call):
            async for event in source:
                call.pulling = False
                if event.__class__ is not boring:
                    boring = call.event(event)
                yield event
                call.pulling = True


@contextmanager
def _watching(call: Call) -> Iterator[None]:
    """While the SDK's events are read: an error that comes from the SDK ends the call.

    One that comes from the caller does not; the source is closed then, which ends the call.
    """
    call.events_watched = call.pulling = True
    try:
        yield
        call.exhausted()
    except BaseException as error:
        if call.pulling:
            call.fail(error)
        raise
    finally:
        call.pulling = False


class WatchedBody:
    """A response's body that tells the call when it was read, closed or dropped unread.

    No `wrapt` proxy, although it looks like one: the SDK asks its body for an observer at every
    event, and through a proxy that took 2 % of the time of a stream.
    """

    stream_observer = None
    """The SDK looks here for its own observer. It wraps its body around ours, so there is none."""

    def __init__(self, body: Any, call: Call, encoding: str) -> None:
        self._body = body
        self._call = call
        self._encoding = encoding
        self._decode: Callable[[bytes], bytes] | None = None
        self._kept: list[bytes] | None = []
        self._size = 0

    @property
    def elapsed(self) -> Any:
        """How long the response took, which newer HTTP libraries ask their body for."""
        return getattr(self._body, "elapsed", None)

    def __iter__(self) -> Iterator[bytes]:
        call = self._call
        try:
            for chunk in self._body:
                if not call.events_watched:
                    self._keep(chunk)
                yield chunk
        except Exception as error:
            self._failed(error)
            raise
        self._read_to_end()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        call = self._call
        try:
            async for chunk in self._body:
                if not call.events_watched:
                    self._keep(chunk)
                yield chunk
        except Exception as error:
            self._failed(error)
            raise
        self._read_to_end()

    def close(self) -> None:
        """Close the body, after saying so."""
        self._let_go("closed")
        self._body.close()

    async def aclose(self) -> None:
        """Close the body, after saying so."""
        self._let_go("closed")
        await self._body.aclose()

    def __del__(self) -> None:
        self._let_go("dropped")

    def _keep(self, chunk: bytes) -> None:
        results = self._call.results
        if results is not None and not results.decoded:
            with guard:
                results.take(self._decoded(chunk))
        if not self._call.account.is_model_request:
            return
        self._size += len(chunk)
        if self._size > _KEPT_BYTES:
            self._kept = None
        if self._kept is not None:
            self._kept.append(chunk)

    def _decoded(self, chunk: bytes) -> bytes:
        if self._decode is None:
            self._decode = _decoder(self._encoding)
        return self._decode(chunk)

    def _failed(self, error: Exception) -> None:
        if not self._call.events_watched:
            self._tell()
            self._call.fail(error)

    def _let_go(self, outcome: Literal["closed", "dropped"]) -> None:
        self._tell()
        self._call.body_closed(outcome)

    def _tell(self) -> None:
        """Show the call what was read of the body by other means than the SDK's events."""
        kept, self._kept = self._kept, None
        if kept and not self._call.events_watched:
            with guard:
                self._call.read_body(self._decoded(b"".join(kept)))

    def _read_to_end(self) -> None:
        call = self._call
        if call.events_watched:
            return
        if call.results is not None and not call.results.decoded:
            with guard:
                call.results.take(b"\n")  # the last line may lack its end
        self._tell()
        call.succeed()


def watched(body: Any, call: Call, encoding: str) -> WatchedBody:
    """Put a watched body in the place of a body."""
    return _class_for(body.__class__)(body, call, encoding)


@lru_cache(maxsize=64)
def _class_for(body_class: type) -> type[WatchedBody]:
    """One that passes the checks of the HTTP library, whichever of its releases that is."""
    kinds = [base for base in body_class.__mro__ if base.__name__ in _KINDS]
    return type("WatchedBody", (WatchedBody, *kinds), {})


def _decoder(encoding: str) -> Callable[[bytes], bytes]:
    """What undoes a content encoding; nothing is left of one the standard library cannot undo."""
    if encoding in ("", "identity"):
        return bytes
    if encoding in ("gzip", "deflate"):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress
    return lambda _chunk: b""
