"""The API's own `usage` object, which some dialects carry as JSON text: it leaves nothing open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from spanledger.pricing import Usage, UsageError, usage_from_api

__all__ = ["json_object", "usage_from"]


def json_object(text: object) -> Mapping[str, Any]:
    """Read a JSON object; whatever is none, or was cut short, is empty."""
    if not isinstance(text, str):
        return {}
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def usage_from(usage: object) -> tuple[Usage, str | None] | None:
    """Read it, with its list of model requests as JSON text; None when it is none."""
    if not isinstance(usage, Mapping):
        return None
    try:
        read = usage_from_api(usage)
    except UsageError:
        return None
    listed = orjson.dumps(usage["iterations"]).decode() if read.iterations else None
    return read, listed
