"""After a login one is where one wanted to be: Streamlit's callback leads to the first page alone.

The page that was opened last is kept in a cookie of this host, and the callback leads there.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote, unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Returning"]

COOKIE = "spanledger_page"
_CALLBACK = "/oauth2callback"
_NO_PAGES = ("/_stcore/", "/auth/", "/component/", "/media/", "/static/")
_MOST_LETTERS = 2000
_KEPT_S = 1800


class Returning:
    """An ASGI middleware around a server with a login."""

    def __init__(self, app: ASGIApp) -> None:
        """Remember for that server."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note a page, or lead to the one noted."""
        if scope["type"] == "http" and scope["method"] == "GET":
            headers = Headers(scope=scope)
            if scope["path"].endswith(_CALLBACK):
                send = _leading(send, _noted(headers.get("cookie", "")))
            elif _is_page(scope["path"], headers):
                send = _noting(send, _address(scope))
        await self._app(scope, receive, send)


def _is_page(path: str, headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "") and not path.startswith(_NO_PAGES)


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return f"{quote(scope['path'])}{f'?{query}' if query else ''}"


def _noting(send: Send, address: str) -> Send:
    return _with_cookie(send, quote(address, safe="") if len(address) <= _MOST_LETTERS else "")


def _leading(send: Send, address: str | None) -> Send:
    """Replace where the callback leads, which is the first page."""
    if address is None:
        return send

    async def leading(message: Message) -> None:
        if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
            MutableHeaders(scope=message)["location"] = address
        await send(message)

    return leading


def _with_cookie(send: Send, value: str) -> Send:
    lasts = _KEPT_S if value else 0
    cookie = f"{COOKIE}={value}; Max-Age={lasts}; Path=/; HttpOnly; SameSite=Lax"

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append("set-cookie", cookie)
        await send(message)

    return sending


def _noted(cookies: str) -> str | None:
    """The page in the cookie; only one of this host, whoever wrote it."""
    try:
        morsel = SimpleCookie(cookies).get(COOKIE)
    except CookieError:
        return None
    address = unquote(morsel.value) if morsel else ""
    here = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if here and address.isprintable() else None
