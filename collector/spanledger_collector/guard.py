"""What every request over HTTP passes before a route sees it: headers, token, closing time."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spanledger_collector.auth import Key, Keys
from spanledger_collector.gate import Gate
from spanledger_collector.metrics import Telemetry
from spanledger_collector.problems import problem
from spanledger_collector.receive.answers import refused
from spanledger_collector.receive.body import Remains
from spanledger_collector.receive.errors import (
    HeadersTooLarge,
    NotPermitted,
    Overloaded,
    RequestRefused,
    Unauthenticated,
)
from spanledger_collector.receive.http import request_encoding
from spanledger_collector.receive.intake import SIGNALS
from spanledger_collector.receive.limits import MAX_HEADER_BYTES

__all__ = ["Guard"]

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
_READ_PATHS = frozenset({"/api/v1/queries", "/api/v1/openapi.json"})
_READ_PREFIXES = ("/api/v1/query/", "/api/v1/export/")


class Guard:
    """ASGI middleware around the whole application.

    Args:
        app: the application.
        keys: whose tokens open the door.
        gate: where requests are counted and, at closing time, turned away.
        telemetry: where refused exports are counted.
        max_body_bytes: of a request; twice as much is read of one that is refused.
    """

    def __init__(
        self, app: ASGIApp, keys: Keys, gate: Gate, telemetry: Telemetry, max_body_bytes: int
    ) -> None:
        self._app = app
        self._keys = keys
        self._gate = gate
        self._telemetry = telemetry
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on."""
        if scope["type"] != "http":
            return
        body = Remains(scope, receive, 2 * self._max_body_bytes)

        async def answer(message: Message) -> None:
            if body.coming and message["type"] == "http.response.start":
                await body.read_on()
            await send(message)

        with self._gate.under_way():
            try:
                scope["state"] = {"team": self._admitted(scope).team}
            except RequestRefused as error:
                await self._refuse(scope, error)(scope, body.receive, answer)
            else:
                await self._app(scope, body.receive, answer)

    def _admitted(self, scope: Scope) -> Key:
        headers, path = scope["headers"], scope["path"]
        if sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
            raise HeadersTooLarge(f"The headers are larger than {MAX_HEADER_BYTES} bytes.")
        if path in OPEN_PATHS:
            return Key(write=False, read=False)
        given = [value for name, value in headers if name == b"authorization"]
        key = self._keys.opened_by(b",".join(given))
        if key is None:
            raise Unauthenticated(
                "Send the collector's token: `Authorization: Bearer <collector.token>`."
            )
        _check_permission(key, path)
        if self._gate.closing:
            raise Overloaded("The collector is stopping. Send the request again.")
        return key

    def _refuse(self, scope: Scope, error: RequestRefused) -> Response:
        prefix, _, signal = scope["path"].rpartition("/")
        if prefix == "/v1":
            known = signal if signal in SIGNALS else "unknown"
            self._telemetry.answered("http", known, str(error.status))
            return refused(request_encoding(Headers(scope=scope)), error)
        headers = {}
        if error.status == HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = "Bearer"
        if error.retry_after_s is not None:
            headers["retry-after"] = str(error.retry_after_s)
        return problem(error.status, str(error), headers)


def _check_permission(key: Key, path: str) -> None:
    """Whether a known token is for this path; what is not named here is the administrator's.

    Raises:
        NotPermitted: it is not.
    """
    if path.startswith("/v1/"):
        if not key.write:
            raise NotPermitted("This token opens queries alone; it may not send.")
    elif path in _READ_PATHS or path.startswith(_READ_PREFIXES):
        if not key.read:
            raise NotPermitted("This token may only send; it opens no query.")
    elif path == "/metrics":
        if key.team is not None or not key.read:
            raise NotPermitted("The metrics are about all teams; this token is not.")
    elif not key.admin:
        raise NotPermitted("Only collector.token opens this.")
