"""How gRPC puts messages and errors on HTTP/2; knows neither sockets nor what messages mean."""

from __future__ import annotations

import base64
from urllib.parse import quote

from starlette.types import Receive

from spanledger_collector.receive.answers import status_of
from spanledger_collector.receive.body import in_time, part_of
from spanledger_collector.receive.errors import (
    BodyTooLarge,
    MalformedBody,
    RequestRefused,
)
from spanledger_collector.receive.exchange import Header
from spanledger_collector.receive.limits import Lease

__all__ = ["framed", "read_message", "refusal"]

_PREFIX = 5
"""One byte that says whether the message is compressed, four with its length."""


async def read_message(receive: Receive, limit: int, lease: Lease) -> tuple[bool, bytes]:
    """Read the one message of a unary call; say whether it is compressed.

    Raises:
        BodyTooLarge: its prefix announces more than `limit` bytes; nothing of it is read then.
        MalformedBody: there is no whole message, or more than one.
        Overloaded: no memory left for it, or it did not come in time.
        ClientGone: the client went away.
    """
    with in_time("The message"):
        return await _read(receive, limit, lease)


async def _read(receive: Receive, limit: int, lease: Lease) -> tuple[bool, bytes]:
    head, more = b"", True
    while more and len(head) < _PREFIX:
        chunk, more = part_of(await receive())
        lease.grow(len(chunk))
        head += chunk
    length = int.from_bytes(head[1:_PREFIX], "big")
    if length > limit:
        raise BodyTooLarge(
            f"The message is larger than {limit} bytes (collector.max_body_bytes). "
            "Export smaller batches."
        )
    chunks = [head[_PREFIX:]]
    size = len(chunks[0])
    while more and size <= length:
        chunk, more = part_of(await receive())
        lease.grow(len(chunk))
        size += len(chunk)
        chunks.append(chunk)
    if len(head) < _PREFIX or size != length or head[0] > 1:
        raise MalformedBody("A unary call carries exactly one whole gRPC message.")
    return head[0] == 1, b"".join(chunks)


def framed(message: bytes) -> bytes:
    """A message with its prefix, not compressed."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def refusal(error: RequestRefused) -> list[Header]:
    """An error as the headers that end a call."""
    status = status_of(error)
    details = base64.b64encode(status.SerializeToString()).rstrip(b"=")
    message = quote(status.message, safe=" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")
    return [
        (b"grpc-status", b"%d" % error.code),
        (b"grpc-message", message.encode()),
        (b"grpc-status-details-bin", details),
    ]
