"""Typed, bounded reading of span attributes, shared by the dialects; pure."""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import Any

from spanledger_collector.dialects.call import Absurd
from spanledger_collector.spans import Attributes

__all__ = [
    "MAX_COUNT",
    "MAX_INT",
    "MAX_PICODOLLARS",
    "MAX_SMALL",
    "MAX_TEXT",
    "UNKNOWN_SERVICE",
    "count",
    "count_of",
    "first",
    "flag",
    "integer",
    "is_true",
    "milliseconds_as_ns",
    "picodollars",
    "seconds_as_ns",
    "text",
    "text_of",
]

MAX_TEXT = 1024
"""Characters kept of a name or an id; the rest of a longer one says nothing more."""
MAX_COUNT = 10**12
"""Tokens beyond this are corrupt, not usage."""
MAX_SMALL = 32_767
MAX_INT = 2**31 - 1
MAX_PICODOLLARS = 10**18
"""What DECIMAL(18, 12) holds: a million dollars for one call is beyond belief anyway."""
UNKNOWN_SERVICE = "unknown_service"
"""The service of a span whose resource names none."""
_INT64 = 2**63


def text(attributes: Attributes, name: str) -> str | None:
    """Read a text; an empty one, or another type, counts as absent."""
    value = attributes.get(name)
    return value[:MAX_TEXT] if isinstance(value, str) and value else None


def first(*candidates: str | None) -> str | None:
    """Choose the first that is there."""
    return next((candidate for candidate in candidates if candidate is not None), None)


def flag(attributes: Attributes, name: str, *, default: bool) -> bool:
    """Read a boolean."""
    value = attributes.get(name)
    return value if isinstance(value, bool) else default


def integer(attributes: Attributes, name: str) -> int | None:
    """Read an integer; a double without a fraction is one, because JavaScript knows no other.

    Raises:
        Absurd: it is there, and no integer that fits 64 bits.
    """
    value = attributes.get(name)
    if value is None:
        return None
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise Absurd("bad_number", f"{name} must be an integer, not {str(value)[:80]!r}")
    return value


def count(attributes: Attributes, name: str, limit: int = MAX_COUNT) -> int | None:
    """Read a count.

    Raises:
        Absurd: it is there, and negative or beyond the limit.
    """
    value = attributes.get(name)
    if value is None or (type(value) is int and 0 <= value <= limit):  # nearly always
        return value
    value = integer(attributes, name)
    if value is not None and not 0 <= value <= limit:
        raise Absurd("absurd_count", f"{name} must be between 0 and {limit}, not {value}")
    return value


def seconds_as_ns(attributes: Attributes, name: str) -> int | None:
    """Read a duration in seconds as nanoseconds; one that cannot be is absent: it costs nothing."""
    value = attributes.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(value * 1e9) if 0 <= value < 1e9 else None


def text_of(attributes: Attributes, *names: str) -> str | None:
    """Read the first text that is there, of several names for one thing."""
    return next((found for name in names if (found := text(attributes, name))), None)


def is_true(attributes: Attributes, *names: str) -> bool:
    """Whether one of several names for a thing says so, as a boolean or as text."""
    return any(attributes.get(name) in _TRUE for name in names)


def count_of(attributes: Attributes, *names: str, limit: int = MAX_COUNT) -> int | None:
    """Read the first count that is there, of several names for one thing; as text, too.

    Raises:
        Absurd: it is no count, or beyond the limit.
    """
    for name in names:
        value = attributes.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20:
            value = int(value)
        return count({name: value}, name, limit)
    return None


def milliseconds_as_ns(attributes: Attributes, *names: str) -> int | None:
    """Read a duration in milliseconds, as a number or as text; one that cannot be is absent."""
    for name in names:
        number = _decimal(attributes.get(name))
        if number is not None and 0 <= number <= _MS_PER_DAY:
            return int(number * 1_000_000)
    return None


def picodollars(attributes: Attributes, name: str) -> int | None:
    """Read what a sender says a call cost in USD; it is kept to be compared, and never counts.

    Raises:
        Absurd: nothing can cost that.
    """
    value = attributes.get(name)
    if value is None or value == "":
        return None
    usd = _decimal(value)
    if usd is None or not 0 <= usd < MAX_PICODOLLARS // 10**12:
        raise Absurd("absurd_cost", f"{name} is {str(value)[:80]!r}")
    return int(usd.scaleb(12).to_integral_value())


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = Decimal(str(value)[:80])
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


_TRUE = (True, "true", "True")
_MS_PER_DAY = 86_400_000
