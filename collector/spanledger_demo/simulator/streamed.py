"""The response that sends a stream event by event, and bills what the client was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from spanledger_demo.simulator.directives import Directives
from spanledger_demo.simulator.errors import ApiFailure
from spanledger_demo.simulator.messages import Answer
from spanledger_demo.simulator.stream import StreamEvent, stream_events

_FINAL: Final = "message_delta"
"""With it the client has the final counts, and with them the cost."""

Settle = Callable[[Answer, int | None], Any]
"""Bills an answer: with None the whole, else what had been produced when the stream ended."""


class Wire(NamedTuple):
    """How a stream is written."""

    media_type: str
    event: Callable[[StreamEvent], bytes]
    failure: Callable[[ApiFailure, str], bytes]
    """Writes a failure in mid-stream; takes the request id as well."""


def _failure(failure: ApiFailure, request_id: str) -> bytes:
    return f"event: error\ndata: {json.dumps(failure.body(request_id))}\n\n".encode()


SERVER_SENT_EVENTS: Final = Wire("text/event-stream", StreamEvent.encode, _failure)


class CutConnectionError(Exception):
    """Raised out of the application so that the server drops the connection in mid-body."""


class StreamedAnswer(Response):
    """The events of one answer, ended early when asked or when the client leaves."""

    def __init__(
        self,
        answer: Answer,
        asked: Directives,
        settle: Settle,
        *,
        request_id: str,
        headers: dict[str, str],
        wire: Wire = SERVER_SENT_EVENTS,
    ) -> None:
        super().__init__(
            headers={"cache-control": "no-cache", **headers}, media_type=wire.media_type
        )
        del self.headers["content-length"]  # the base class counts an empty body
        self._answer = answer
        self._asked = asked
        self._settle = settle
        self._request_id = request_id
        self._wire = wire

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        left = asyncio.create_task(_until_disconnect(receive))
        try:
            await self._send_events(send, left)
        finally:
            left.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _send_events(self, send: Send, left: asyncio.Task[None]) -> None:
        sent: StreamEvent | None = None
        settled = False
        for number, event in enumerate(stream_events(self._answer, self._asked)):
            if left.done() or self._ends_before(number):
                break
            await send(
                {"type": "http.response.body", "body": self._wire.event(event), "more_body": True}
            )
            sent = event
            if event.name == _FINAL:  # before the last event, so that who has that finds the bill
                self._settle(self._answer, None)
                settled = True
            # Also without a delay: it lets the loop see that the client has gone.
            await asyncio.wait((left,), timeout=self._asked.chunk_delay_s)
        if sent is not None and not settled:
            self._settle(self._answer, sent.produced)
        if (sent is None or sent.name != "message_stop") and not left.done():
            await self._break_off(send)

    def _ends_before(self, number: int) -> bool:
        asked = self._asked
        limits = (asked.cut_after_events, asked.end_after_events, asked.error_after_events)
        return number in limits

    async def _break_off(self, send: Send) -> None:
        if self._asked.cut_after_events is not None:
            raise CutConnectionError
        if self._asked.error_after_events is not None:
            failure = ApiFailure(529, self._asked.message, error_type=self._asked.error_type)
            body = self._wire.failure(failure, self._request_id)
            await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
