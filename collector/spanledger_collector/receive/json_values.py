"""Typed reading of OTLP/JSON: hex ids, int64 as number or text, integer enums only; pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

import orjson

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.spans import Value

__all__ = [
    "Object",
    "attributes",
    "double",
    "enum",
    "hex_bytes",
    "integer",
    "load_json",
    "member",
    "members",
    "text",
    "value_of",
]

Object = dict[str, Any]
T = TypeVar("T")

MAX_DEPTH = 50
"""Nested values allowed in one attribute; protobuf decoders stop at about the same depth."""


def load_json(body: bytes) -> Object:
    """Parse a JSON request body; an empty body is an empty request.

    Raises:
        MalformedBody: the bytes are no JSON object.
    """
    try:
        request = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from error
    return _typed(request, dict, "the body")


def attributes(holder: Object, depth: int = 0, field: str = "attributes") -> dict[str, Value]:
    """Attributes by name; of one named twice the last counts."""
    return {
        text(pair, "key"): value_of(member(pair, "value"), depth) for pair in members(holder, field)
    }


def value_of(any_value: Object, depth: int = 0) -> Value:
    """Read an `AnyValue`; one without a value is legal, and None."""
    if depth > MAX_DEPTH:
        raise MalformedBody(f"An attribute value is nested deeper than {MAX_DEPTH} levels.")
    for field, read in _SCALARS.items():
        if any_value.get(field) is not None:
            return read(any_value, field)
    if any_value.get("arrayValue") is not None:
        items = members(member(any_value, "arrayValue"), "values")
        return [value_of(item, depth + 1) for item in items]
    if any_value.get("kvlistValue") is not None:
        return attributes(member(any_value, "kvlistValue"), depth + 1, "values")
    return None


def _typed(value: object, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        raise MalformedBody(f"OTLP/JSON: {what} must be a JSON {_JSON_NAMES[kind]}.")
    return value


def member(holder: Object, field: str) -> Object:
    """Read a message; one that is absent is empty."""
    value = holder.get(field)
    return {} if value is None else _typed(value, dict, field)


def members(holder: Object, field: str) -> list[Object]:
    """Read repeated messages."""
    values = holder.get(field)
    if values is None:
        return []
    return [_typed(value, dict, f"each of {field}") for value in _typed(values, list, field)]


def text(holder: Object, field: str) -> str:
    """Read a text; one that is absent is empty."""
    value = holder.get(field)
    return "" if value is None else _typed(value, str, field)


def _boolean(holder: Object, field: str) -> bool:
    return _typed(holder[field], bool, field)


def enum(holder: Object, field: str) -> int:
    """Read an enum, of which JSON sends the number alone."""
    value = holder.get(field)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedBody(f"OTLP/JSON: {field} must be the enum's integer, never its name.")
    return value


def integer(holder: Object, field: str) -> int:
    """Read a 64-bit integer, signed or not; one that is absent is 0."""
    value = holder.get(field)
    if value is None:
        return 0
    try:
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            number = int(value)
            if -(2**63) <= number < 2**64:
                return number
    except ValueError:
        pass
    raise MalformedBody(f"OTLP/JSON: {field} must be a 64-bit integer, as a number or as text.")


def double(holder: Object, field: str) -> float:
    """Read a double, which as text may also be `NaN` or an infinity; one that is absent is 0."""
    value = holder.get(field)
    if value is None:
        return 0.0
    try:
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            return float(value)
    except (ValueError, OverflowError):
        pass
    raise MalformedBody(f"OTLP/JSON: {field} must be a number.")


def _base64(holder: Object, field: str) -> bytes:
    try:
        return base64.b64decode(text(holder, field), validate=True)
    except binascii.Error as error:
        raise MalformedBody(f"OTLP/JSON: {field} must be base64.") from error


def hex_bytes(holder: Object, field: str) -> bytes:
    """Read an id."""
    written = text(holder, field)
    try:
        return bytes.fromhex(written)
    except ValueError:
        return written.encode()[:64]  # no valid id: the span is refused, its neighbours are not


_SCALARS: dict[str, Callable[[Object, str], Value]] = {
    "stringValue": text,
    "intValue": integer,
    "boolValue": _boolean,
    "doubleValue": double,
    "bytesValue": _base64,
}
_JSON_NAMES: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "boolean"}
