"""Typed reading of OTLP/JSON: hex ids, int64 as number or text, integer enums only; pure.

Where a value is of a kind that OTLP does not have in its place, reading it raises `Mistake`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import orjson

from spanledger_collector.receive.errors import MalformedBody
from spanledger_collector.spans import Value

__all__ = [
    "Mistake",
    "Object",
    "attributes",
    "double",
    "entries",
    "enum",
    "hex_bytes",
    "integer",
    "load_json",
    "member",
    "readable_attributes",
    "text",
    "typed",
    "value_of",
]

Object = dict[str, Any]
T = TypeVar("T")

MAX_DEPTH = 50
"""Nested values allowed in one attribute; protobuf decoders stop at about the same depth."""
_MOST_NAME: Final = 80
"""Characters told of an attribute's name."""
_NOT_HEX: Final = b"(not in hexadecimal) "
"""What an id begins with that is none; it is longer than any id."""
_HALF_PAIR: Final = re.compile(
    rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\)(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""An escape of half a surrogate pair, as JavaScript writes a text that was cut in a character.

One that stands right behind an escaped backslash is not found.
"""


class Mistake(ValueError):
    """What is wrong with a value, and where; the value itself it never tells."""


def load_json(body: bytes) -> Object:
    """Parse a JSON request body; an empty body is an empty request.

    Half a surrogate pair, which no database keeps, becomes U+FFFD.

    Raises:
        MalformedBody: the bytes are no JSON object.
    """
    try:
        request = _parsed(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise MalformedBody(f"The body is not valid JSON: {error}.") from error
    if not isinstance(request, dict):
        raise MalformedBody("The body must be a JSON object.")
    return request


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if _HALF_PAIR.search(body) is None:
            raise
    return orjson.loads(_HALF_PAIR.sub(rb"\\ufffd", body))


def attributes(holder: Object, depth: int = 0, field: str = "attributes") -> dict[str, Value]:
    """Attributes by name; of one named twice the last counts."""
    found: dict[str, Value] = {}
    for pair in _members(holder, field):
        name = text(pair, "key")
        try:
            found[name] = value_of(member(pair, "value"), depth)
        except Mistake as mistake:
            if depth:
                raise
            raise Mistake(f"of attribute {name[:_MOST_NAME]!r} {mistake}") from mistake
    return found


def readable_attributes(holder: Object) -> dict[str, Value]:
    """Attributes as far as they can be read; of which the name alone can be, has no value."""
    found: dict[str, Value] = {}
    pairs = holder.get("attributes")
    for pair in pairs if isinstance(pairs, list) else []:
        with suppress(Mistake):
            name = text(typed(pair, dict, "an attribute"), "key")
            found[name] = None
            found[name] = value_of(member(pair, "value"))
    return found


def value_of(any_value: Object, depth: int = 0) -> Value:
    """Read an `AnyValue`; one without a value is legal, and None."""
    if depth > MAX_DEPTH:
        raise Mistake(f"the value is nested deeper than {MAX_DEPTH} levels")
    for field, read in _SCALARS.items():
        if any_value.get(field) is not None:
            return read(any_value, field)
    if any_value.get("arrayValue") is not None:
        items = _members(member(any_value, "arrayValue"), "values")
        return [value_of(item, depth + 1) for item in items]
    if any_value.get("kvlistValue") is not None:
        return attributes(member(any_value, "kvlistValue"), depth + 1, "values")
    return None


def typed(value: object, kind: type[T], what: str) -> T:
    """See that a value is of a kind."""
    if not isinstance(value, kind):
        raise Mistake(f"{what} must be a JSON {_JSON_NAMES[kind]}")
    return value


def member(holder: Object, field: str) -> Object:
    """Read a message; one that is absent is empty."""
    value = holder.get(field)
    return {} if value is None else typed(value, dict, field)


def entries(holder: Object, field: str) -> list[Any]:
    """Read a list, whatever is in it; one that is absent is empty."""
    values = holder.get(field)
    return [] if values is None else typed(values, list, field)


def _members(holder: Object, field: str) -> list[Object]:
    what = f"each of {field}"
    return [typed(value, dict, what) for value in entries(holder, field)]


def text(holder: Object, field: str) -> str:
    """Read a text; one that is absent is empty."""
    value = holder.get(field)
    return "" if value is None else typed(value, str, field)


def _boolean(holder: Object, field: str) -> bool:
    return typed(holder[field], bool, field)


def enum(holder: Object, field: str) -> int:
    """Read an enum, of which JSON sends the number alone."""
    value = holder.get(field)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise Mistake(f"{field} must be the enum's integer, never its name")
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
    raise Mistake(f"{field} must be a 64-bit integer, as a number or as text")


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
    raise Mistake(f"{field} must be a number")


def _base64(holder: Object, field: str) -> bytes:
    written = text(holder, field)
    try:
        return base64.b64decode(written, validate=True)
    except ValueError as error:
        raise Mistake(f"{field} must be base64") from error


def hex_bytes(holder: Object, field: str) -> bytes:
    """Read an id; one that is not in hexadecimal is of no valid length."""
    written = text(holder, field)
    try:
        return bytes.fromhex(written)
    except ValueError:
        return _NOT_HEX + written.encode()[:40]


_SCALARS: dict[str, Callable[[Object, str], Value]] = {
    "stringValue": text,
    "intValue": integer,
    "boolValue": _boolean,
    "doubleValue": double,
    "bytesValue": _base64,
}
_JSON_NAMES: dict[type, str] = {dict: "object", list: "array", str: "string", bool: "boolean"}
