"""Rate limits, as the attributes of a span repeat the answer's headers; pure."""

from __future__ import annotations

from typing import Final

from spanledger import semconv
from spanledger_collector.dialects.call import Limits
from spanledger_collector.dialects.reading import MAX_COUNT
from spanledger_collector.spans import Attributes

__all__ = ["count_or_none", "read_limits"]

_NONE: Final = Limits()
_NAMES: Final = tuple(
    f"{semconv.RATELIMIT_PREFIX}{kind}.{what}"
    for kind in ("requests", "tokens", "input_tokens", "output_tokens")
    for what in ("limit", "remaining")
)
"""In the order of `Limits`."""


def read_limits(facts: Attributes) -> Limits:
    """Read the rate limits that a span tells, if any."""
    if not any(name in facts for name in _NAMES):
        return _NONE
    return Limits(*(count_or_none(facts, name) for name in _NAMES))


def count_or_none(facts: Attributes, name: str) -> int | None:
    """Read a count that costs nothing: what cannot be one is absent, and refuses no call."""
    value = facts.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        return None
    return value
