"""OTLP over gRPC: the `Export` of the three services; OK means that it is on disk."""

from __future__ import annotations

import logging

from spanledger_collector.auth import Keys
from spanledger_collector.gate import Gate
from spanledger_collector.receive.answers import PROTOBUF, accepted_body
from spanledger_collector.receive.body import ClientGone
from spanledger_collector.receive.errors import (
    Broken,
    HeadersTooLarge,
    NotPermitted,
    Overloaded,
    RequestRefused,
    Unauthenticated,
    UnknownMethod,
    UnsupportedCompression,
)
from spanledger_collector.receive.exchange import Exchange, Header
from spanledger_collector.receive.intake import Intake, Parcel
from spanledger_collector.receive.limits import MAX_HEADER_BYTES, Lease
from spanledger_collector.receive.messages import framed, read_message, refusal

__all__ = ["SERVICES", "GrpcService"]

_log = logging.getLogger(__name__)

SERVICES = {
    f"/opentelemetry.proto.collector.{name}.v1.{name.capitalize()}Service/Export".encode(): signal
    for name, signal in (("trace", "traces"), ("metrics", "metrics"), ("logs", "logs"))
}
_HEADERS: list[Header] = [
    (b":status", b"200"),
    (b"content-type", b"application/grpc"),
    (b"grpc-accept-encoding", b"identity,gzip"),
]


class GrpcService:
    """The three services.

    Args:
        intake: where requests go.
        keys: whose tokens open the door.
        gate: the collector's.
    """

    def __init__(self, intake: Intake, keys: Keys, gate: Gate) -> None:
        self._intake = intake
        self._keys = keys
        self._gate = gate

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request."""
        headers = dict(exchange.headers)
        if not headers.get(b"content-type", b"").startswith(b"application/grpc"):
            exchange.answer([(b":status", b"415")], b"", [])
            return
        signal = SERVICES.get(headers[b":path"], "unknown")
        with self._gate.under_way():
            try:
                code = await self._answer(exchange, headers, signal)
            except ClientGone:
                return
        self._intake.telemetry.answered("grpc", signal, str(code))

    async def _answer(self, exchange: Exchange, headers: dict[bytes, bytes], signal: str) -> int:
        try:
            team = self._admitted(exchange, headers)
            with self._intake.budget.lease() as lease:
                body = await self._taken_in(exchange, headers, signal, team, lease)
        except RequestRefused as error:
            return _refused(exchange, error)
        except ClientGone:
            raise
        except Exception:  # noqa: BLE001  # the receiver's edge: any sender gets an answer
            _log.exception("a request of %s failed", signal)
            return _refused(exchange, Broken("The collector failed on this request."))
        exchange.answer(_HEADERS, framed(body), [(b"grpc-status", b"0")])
        return 0

    def _admitted(self, exchange: Exchange, headers: dict[bytes, bytes]) -> str | None:
        """Let a request in and tell for which team, by the rules of the guard of HTTP."""
        size = sum(len(name) + len(value) for name, value in exchange.headers)
        if size > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"The metadata is larger than {MAX_HEADER_BYTES} bytes.")
        key = self._keys.opened_by(headers.get(b"authorization", b""))
        if key is None:
            raise Unauthenticated("Send the collector's token as metadata: authorization: Bearer …")
        if not key.write:
            raise NotPermitted("This token opens queries alone.")
        if self._gate.closing:
            raise Overloaded("The collector is stopping. Send the request again.")
        return key.team

    async def _taken_in(
        self,
        exchange: Exchange,
        headers: dict[bytes, bytes],
        signal: str,
        team: str | None,
        lease: Lease,
    ) -> bytes:
        if signal == "unknown":
            raise UnknownMethod("There are the Export methods of OTLP's three services, no others.")
        limit = self._intake.max_body_bytes
        compressed, body = await read_message(exchange.receive, limit, lease)
        compression = _compression(headers) if compressed else ""
        parcel = Parcel(signal, body, compression, PROTOBUF, team)
        decoded = await self._intake.take_in(parcel, lease)
        return accepted_body(PROTOBUF, signal, decoded.rejected, decoded.message)


def _refused(exchange: Exchange, error: RequestRefused) -> int:
    exchange.answer([*_HEADERS, *refusal(error)], b"", [])
    return error.code


def _compression(headers: dict[bytes, bytes]) -> str:
    named = headers.get(b"grpc-encoding", b"").decode("latin-1")
    if named != "gzip":
        raise UnsupportedCompression(f"grpc-encoding must be gzip or identity, not {named[:40]!r}.")
    return named
