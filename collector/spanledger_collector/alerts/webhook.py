"""Posts a message to a webhook: address looked up once and pinned, no redirect, bounded answer."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import time
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

import httpcore2 as httpcore
import httpx2 as httpx

from spanledger._version import __version__
from spanledger_collector.alerts.addresses import allowed_address
from spanledger_collector.settings import Channel

__all__ = ["ANSWER_BYTES", "ANSWER_S", "Undelivered", "post", "signature"]

ANSWER_S = 10.0
ANSWER_BYTES = 64 * 1024


class Undelivered(Exception):
    """A message did not arrive; the message says why and holds no secret."""


def post(channel: Channel, body: bytes, send_id: str, timestamp: int) -> None:
    """Post a document.

    Raises:
        Undelivered: it was not taken.
    """
    try:
        url = httpx.URL(channel.address.get_secret_value())
    except httpx.InvalidURL as error:
        raise Undelivered("its address is none that can be called") from error
    port = url.port or {"https": 443, "http": 80}[url.scheme]
    request = httpcore.Request(
        "POST",
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=port, target=url.raw_path),
        headers=_headers(channel, url, body, send_id, timestamp),
        content=body,
        extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), ANSWER_S)},
    )
    backend = _Guarded(allow_private=channel.allow_private)
    try:
        context = ssl.create_default_context() if url.scheme == "https" else None
        with httpcore.ConnectionPool(context, network_backend=backend) as pool:
            answer = pool.handle_request(request)
            status = answer.status
            answer.close()
    except (OSError, ValueError, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise Undelivered(_reason(error)) from error
    except (httpcore.TimeoutException, _TooLong) as error:
        raise Undelivered(f"no whole answer within {ANSWER_S:.0f} s and 64 KiB") from error
    if 300 <= status < 400:
        raise Undelivered(f"it answers {status}, a redirect, and none is followed")
    if not 200 <= status < 300:
        raise Undelivered(f"it answers {status}")


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """What a receiver compares with `x-spanledger-signature`."""
    signed = b"%d.%s" % (timestamp, body)
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _headers(
    channel: Channel, url: httpx.URL, body: bytes, send_id: str, timestamp: int
) -> list[tuple[bytes, bytes]]:
    headers = {
        b"host": url.netloc,
        b"content-type": b"application/json",
        b"content-length": b"%d" % len(body),
        b"user-agent": f"spanledger/{__version__}".encode(),
        b"accept-encoding": b"identity",
        b"idempotency-key": send_id.encode(),
        b"x-spanledger-timestamp": b"%d" % timestamp,
    }
    if url.userinfo:
        headers[b"authorization"] = b"Basic " + b64encode(unquote_to_bytes(url.userinfo))
    if channel.secret is not None:
        signed = signature(channel.secret.get_secret_value(), timestamp, body)
        headers[b"x-spanledger-signature"] = signed.encode()
    return list(headers.items())


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    return str(cause)[:300] or type(cause).__name__


class _TooLong(Exception):
    """An answer takes too long, or is too long."""


class _Guarded(httpcore.NetworkBackend):
    """Connects to nothing but allowed addresses, and not for longer than an answer may take."""

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._inner = httpcore.SyncBackend()
        self._ends_at = time.monotonic() + ANSWER_S

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        address = allowed_address(host, port, allow_private=self._allow_private)
        stream = self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
        return _Bounded(stream, self._ends_at)


class _Bounded(httpcore.NetworkStream):
    """A connection that ends after so many bytes and seconds, however they trickle."""

    def __init__(self, inner: httpcore.NetworkStream, ends_at: float) -> None:
        self._inner = inner
        self._ends_at = ends_at
        self._left = ANSWER_BYTES

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._left <= 0:
            raise _TooLong
        data = self._inner.read(min(max_bytes, self._left), self._time_left())
        self._left -= len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._time_left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._time_left())
        return _Bounded(inner, self._ends_at)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    def _time_left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise _TooLong
        return left
