"""Errors of the query API as RFC 9457 problem details."""

from __future__ import annotations

from http import HTTPStatus

import orjson
from starlette.responses import Response

__all__ = ["problem"]


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with an error that says what happened and what to do."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )
