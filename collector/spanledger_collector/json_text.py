"""Attributes as JSON text, for the ledger to keep and to make keys of."""

from __future__ import annotations

import base64

import orjson

from spanledger_collector.spans import Value

__all__ = ["as_json"]


def as_json(value: dict[str, Value], *, ordered: bool = False) -> str:
    """Write attributes as JSON, with bytes as base64.

    Args:
        value: the attributes.
        ordered: by name, so that the same attributes give the same text.
    """
    option = orjson.OPT_SORT_KEYS if ordered else None
    return orjson.dumps(value, default=_as_text, option=option).decode()


def _as_text(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(type(value).__name__)
