"""OTLP over HTTP: `/v1/traces`, `/v1/metrics`, `/v1/logs`; 200 means that it is on disk."""

from __future__ import annotations

import logging

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from spanledger_collector.auth import team_of
from spanledger_collector.receive.answers import JSON, PROTOBUF, accepted, refused
from spanledger_collector.receive.body import ClientGone, read_body
from spanledger_collector.receive.errors import (
    Broken,
    MethodNotAllowed,
    RequestRefused,
    UnsupportedBody,
)
from spanledger_collector.receive.intake import SIGNALS, Intake, Parcel

__all__ = ["otlp_routes", "request_encoding"]


_log = logging.getLogger(__name__)


def otlp_routes(intake: Intake) -> list[Route]:
    """Make the routes of the three signals."""
    return [Route(f"/v1/{signal}", _Endpoint(intake, signal)) for signal in SIGNALS]


def request_encoding(headers: Headers) -> str:
    """Tell JSON from protobuf, in which any answer is given that has no better information."""
    return JSON if _media_type(headers) == JSON else PROTOBUF


class _Endpoint:
    """One signal's route, as an ASGI application of its own: this is the busy one."""

    def __init__(self, intake: Intake, signal: str) -> None:
        self._intake = intake
        self._signal = signal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        encoding = request_encoding(headers)
        try:
            _check(scope["method"], headers)
            response = await self._answer(headers, encoding, team_of(scope), receive)
        except RequestRefused as error:
            response = refused(encoding, error)
        except ClientGone:
            return
        except Exception:  # noqa: BLE001  # the receiver's edge: any sender gets an answer
            _log.exception("a request of %s failed", self._signal)
            response = refused(encoding, Broken("The collector failed on this request."))
        self._intake.telemetry.answered("http", self._signal, str(response.status_code))
        await response(scope, receive, send)

    async def _answer(
        self, headers: Headers, encoding: str, team: str | None, receive: Receive
    ) -> Response:
        compression = headers.get("content-encoding", "").strip().lower()
        with self._intake.budget.lease() as lease:
            declared = _content_length(headers)
            body = await read_body(receive, declared, self._intake.max_body_bytes, lease)
            parcel = Parcel(self._signal, body, compression, encoding, team)
            decoded = await self._intake.take_in(parcel, lease)
        return accepted(encoding, self._signal, decoded.rejected, decoded.message)


def _check(method: str, headers: Headers) -> None:
    if method != "POST":
        raise MethodNotAllowed("OTLP is sent by POST.")
    media_type = _media_type(headers)
    if media_type not in {JSON, PROTOBUF}:
        raise UnsupportedBody(
            f"Content-Type must be {PROTOBUF} or {JSON}, not {media_type[:80]!r}."
        )


def _media_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _content_length(headers: Headers) -> int | None:
    declared = headers.get("content-length")
    return int(declared) if declared is not None and declared.isdecimal() else None
