"""HTTP/2 connections for gRPC: streams under caps of size, number and time; knows no gRPC.

The protocol itself is the h2 library's; here are the socket, the streams and the limits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import h2.errors
import h2.events
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from starlette.types import Message

from spanledger_collector.receive.exchange import Exchange, Header
from spanledger_collector.receive.wrong_port import HTTP_ANSWER, speaks_http_1

__all__ = ["Connection"]

MAX_STREAMS = 100
MAX_TASKS = 2 * MAX_STREAMS
"""Requests of one connection at work, those that were reset meanwhile among them."""
HEADER_BYTES = 64 * 1024
GREETING_S = 15.0
_FRAME = 64 * 1024
_STREAM_WINDOW = 1 << 20
_CONNECTION_WINDOW = 4 << 20


def _h2_connection() -> H2Connection:
    """The protocol's side of a connection, with limits that hold from its first byte."""
    http2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
    http2.local_settings = Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
            SettingCodes.MAX_HEADER_LIST_SIZE: HEADER_BYTES,
            SettingCodes.MAX_FRAME_SIZE: _FRAME,
            SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
        },
    )
    http2.max_inbound_frame_size = _FRAME
    return http2


class Connection(asyncio.Protocol):
    """One connection of a client.

    Args:
        serve: answers one request.
        connections: where this one is listed while it lives.
    """

    def __init__(
        self, serve: Callable[[Exchange], Awaitable[None]], connections: set[Connection]
    ) -> None:
        self._serve = serve
        self._connections = connections
        self._http2 = _h2_connection()
        self._exchanges: dict[int, Exchange] = {}
        self._unsent: dict[int, tuple[bytes, Sequence[Header]]] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._greeting: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._begun = False
        self._lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Give the client some time to greet."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)
        self._greeting = asyncio.get_running_loop().call_later(GREETING_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent; close on whoever does not speak HTTP/2."""
        if not self._begun:
            self._begun = True
            self._lost = speaks_http_1(data)
            self._greet()
        if self._lost:
            return  # until it has read the answer and hangs up, or its time is up
        try:
            for event in self._http2.receive_data(data):
                self._on(event)
        except (ProtocolError, ValueError, LookupError):  # how h2 and hpack refuse bytes
            self.close()
        self._flush()

    def _greet(self) -> None:
        """Greet back, in the peer's own tongue."""
        assert self._transport is not None
        if self._lost:
            self._transport.write(HTTP_ANSWER)
            if self._transport.can_write_eof():
                self._transport.write_eof()
            return
        self._http2.initiate_connection()
        self._http2.increment_flow_control_window(_CONNECTION_WINDOW)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell those at work that their client is gone."""
        self._connections.discard(self)
        self._transport = None
        self._greeted()
        for exchange in self._exchanges.values():
            exchange.came({"type": "http.disconnect"})

    def pause_writing(self) -> None:
        """Read no more from a peer that reads nothing."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Read on."""
        if self._transport is not None:
            self._transport.resume_reading()

    def close(self) -> None:
        """Say goodbye, send what is under way, hang up."""
        if self._transport is None:
            return
        if self._alive and self._begun and not self._lost:
            self._http2.close_connection()
        self._flush()
        self._transport.close()

    @property
    def _alive(self) -> bool:
        closed = self._http2.state_machine.state is ConnectionState.CLOSED
        return self._transport is not None and not closed

    def consumed(self, stream_id: int, size: int) -> None:
        """Let the peer send as many bytes as were taken."""
        if size and self._alive:
            self._http2.acknowledge_received_data(size, stream_id)
            self._flush()

    def answer(
        self,
        stream_id: int,
        headers: Sequence[Header],
        body: bytes,
        trailers: Sequence[Header],
    ) -> None:
        """Send an answer, as far as the peer has room for it, and the rest when it has."""
        if stream_id not in self._exchanges or not self._alive:
            return
        self._http2.send_headers(stream_id, headers, end_stream=not trailers)
        if trailers:
            self._unsent[stream_id] = body, trailers
            self._send_unsent()
        else:
            self._answered(stream_id)
        self._flush()

    def _send_unsent(self) -> None:
        for stream_id, (body, trailers) in tuple(self._unsent.items()):
            window = self._http2.local_flow_control_window(stream_id)
            size = min(len(body), window, self._http2.max_outbound_frame_size)
            if size == len(body):
                del self._unsent[stream_id]
                self._http2.send_data(stream_id, body)
                self._http2.send_headers(stream_id, trailers, end_stream=True)
                self._answered(stream_id)

    def _answered(self, stream_id: int) -> None:
        """Forget a stream; one on which the peer still sends is told to stop, without a fault."""
        self._exchanges.pop(stream_id).drop()
        if not self._http2.streams[stream_id].closed:
            self._http2.reset_stream(stream_id, h2.errors.ErrorCodes.NO_ERROR)

    def _on(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._begin(event.stream_id, event.headers)
        elif isinstance(event, h2.events.DataReceived):
            message = {"type": "http.request", "body": event.data, "more_body": True}
            self._pass_on(event.stream_id, message | {"flow": event.flow_controlled_length})
        elif isinstance(event, h2.events.StreamEnded):
            self._pass_on(event.stream_id, {"type": "http.request", "more_body": False})
        elif isinstance(event, h2.events.StreamReset):
            self._pass_on(event.stream_id, {"type": "http.disconnect"})
            self._exchanges.pop(event.stream_id, None)
            self._unsent.pop(event.stream_id, None)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            self._send_unsent()
            self._greeted()
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.close()

    def _greeted(self) -> None:
        if self._greeting is not None:
            self._greeting.cancel()

    def _begin(self, stream_id: int, headers: Sequence[Header]) -> None:
        if len(self._tasks) >= MAX_TASKS:
            self._http2.close_connection(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM)
            self.close()
            return
        exchange = self._exchanges[stream_id] = Exchange(self, stream_id, headers)
        task = asyncio.ensure_future(self._serve(exchange))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _pass_on(self, stream_id: int, message: Message) -> None:
        if stream_id in self._exchanges:
            self._exchanges[stream_id].came(message)

    def _flush(self) -> None:
        data = self._http2.data_to_send()
        if data and self._transport is not None:
            self._transport.write(data)
