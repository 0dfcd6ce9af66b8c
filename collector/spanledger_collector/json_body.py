"""A request's body as a JSON object, no larger than it may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request

__all__ = ["BadRequest", "json_fields", "json_object"]


class BadRequest(Exception):
    """A request that does not say what to do; the message says what it should say."""


async def json_fields(request: Request, max_bytes: int) -> Mapping[str, Any]:
    """Read a body that changes something, and so says that it is JSON.

    Raises:
        BadRequest: it is no JSON object, or too large.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":  # what another site's form cannot send
        raise BadRequest("Send application/json.")
    return await json_object(request, max_bytes)


async def json_object(request: Request, max_bytes: int) -> Mapping[str, Any]:
    """Read a body, whatever it says that it is; an empty one is an empty object.

    Raises:
        BadRequest: it is no JSON object, or too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise BadRequest(f"The body is larger than {max_bytes} bytes.")
    try:
        fields = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadRequest("The body must be a JSON object.") from error
    if not isinstance(fields, dict):
        raise BadRequest("The body must be a JSON object.")
    return fields
