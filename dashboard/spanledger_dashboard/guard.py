"""What every answer of the dashboard's server carries, and what it does not answer at all.

Streamlit itself sends no security headers, tells its figures to anyone who asks, and takes any
`Host`, which is what a page elsewhere needs to reach a server on loopback by a name of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard", "hosts_of"]

HEALTH = "/_stcore/health"
_NOT_HERE = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/upload_file")
_HEADERS = {
    # Vega compiles its expressions, and Streamlit's styles are made in the page.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-eval' 'wasm-unsafe-eval' {inline}; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def hosts_of(host: str, public_url: str | None) -> frozenset[str]:
    """The names under which browsers reach a server on this address; none where any will do."""
    if host in {"", "0.0.0.0", "::"} and public_url is None:
        return frozenset()
    known = {"localhost", "127.0.0.1", "::1", host.strip("[]").lower()}
    if public_url:
        known.add((urlsplit(public_url).hostname or "").lower())
    return frozenset(known)


class Guard:
    """An ASGI middleware around the whole server, websocket included."""

    def __init__(self, app: ASGIApp, hosts: Collection[str], inline: str, *, https: bool) -> None:
        """Guard a server.

        Args:
            app: what is guarded.
            hosts: names it answers to; none where any will do.
            inline: hashes of the scripts that stand in its page.
            https: browsers reach it by https only, so its cookies never travel otherwise.
        """
        self._app, self._hosts, self._https = app, hosts, https
        self._headers = {
            name: value.replace("{inline}", inline) for name, value in _HEADERS.items()
        }
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, self._with_headers(send))
        elif scope["type"] == "http":
            await refusal(scope, receive, self._with_headers(send))
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        path = scope["path"]
        if path.startswith(_NOT_HERE):
            return PlainTextResponse("Not found", 404)
        named = _hostname(Headers(scope=scope).get("host", ""))
        if self._hosts and named not in self._hosts and path != HEALTH:
            return PlainTextResponse(
                "This dashboard does not answer to that name. Set dashboard.public_url to the"
                " address that browsers use.",
                400,
            )
        return None

    def _with_headers(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                if self._https:
                    message["headers"] = [_secured(pair) for pair in message["headers"]]
            await send(message)

        return sending


def _hostname(authority: str) -> str:
    try:
        return (urlsplit(f"//{authority}").hostname or "").lower()
    except ValueError:
        return ""


def _secured(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    name, value = header
    if name.lower() != b"set-cookie" or b"secure" in value.lower():
        return header
    return name, value + b"; Secure"
