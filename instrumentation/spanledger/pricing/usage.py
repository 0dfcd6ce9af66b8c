"""What one API call used: the API's `usage` object as a canonical tuple of counts. Pure.

`Usage.input_tokens` is the *uncached* input, as the Claude API counts it; cache reads and writes
stand beside it. (The OpenTelemetry convention's input count includes them: that conversion belongs
to whoever reads or writes spans.)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

MAX_COUNT = 10**12
"""Counts beyond this are corrupt, not usage."""


class UsageError(ValueError):
    """A usage object that cannot be read; the message names the field and what it should hold."""


class Iteration(NamedTuple):
    """One model request inside an API call (`usage.iterations[]`), at its own model."""

    type: str
    model: str | None
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    ttl_split_known: bool = True

    @property
    def prompt_tokens(self) -> int:
        """Everything the model read: uncached input, cache reads and cache writes."""
        return (
            self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
        )


class Usage(NamedTuple):
    """The billable facts of one API call; `thinking_tokens` is a part of `output_tokens`."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    web_search_requests: int = 0
    web_fetch_requests: int = 0
    thinking_tokens: int = 0
    service_tier: str | None = None
    speed: str | None = None
    inference_geo: str | None = None
    iterations: tuple[Iteration, ...] = ()
    ttl_split_known: bool = True
    fallback_credit_redeemed: bool = False

    @property
    def cache_write_tokens(self) -> int:
        """Cache writes of both lifetimes."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """Everything the model read, which is what the OpenTelemetry convention calls input."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens


def usage_from_api(usage: Mapping[str, Any]) -> Usage:
    """Read the API's `usage` object, as it stands in a `Message` or a batch result.

    Raises:
        UsageError: A required count is missing, or a field holds something other than it should.
    """
    if type(usage) is not dict and not isinstance(usage, Mapping):  # a check of an ABC is slow
        raise UsageError(f"usage must be an object, not {type(usage).__name__}")
    writes = _cache_writes(usage, "usage")
    tools = _section(usage, "server_tool_use", "usage")
    details = _section(usage, "output_tokens_details", "usage")
    iterations = usage.get("iterations")
    return Usage(
        input_tokens=_required(usage, "input_tokens", "usage"),
        output_tokens=_required(usage, "output_tokens", "usage"),
        cache_read_tokens=_count(usage, "cache_read_input_tokens", "usage"),
        cache_write_5m_tokens=writes.five_minutes,
        cache_write_1h_tokens=writes.one_hour,
        web_search_requests=_count(tools, "web_search_requests", "usage.server_tool_use"),
        web_fetch_requests=_count(tools, "web_fetch_requests", "usage.server_tool_use"),
        thinking_tokens=_count(details, "thinking_tokens", "usage.output_tokens_details"),
        service_tier=_text(usage, "service_tier"),
        speed=_text(usage, "speed"),
        inference_geo=_text(usage, "inference_geo"),
        iterations=() if iterations is None else iterations_from_api(iterations),
        ttl_split_known=writes.split_known,
        fallback_credit_redeemed=_credit_redeemed(usage),
    )


def iterations_from_api(entries: object) -> tuple[Iteration, ...]:
    """Read `usage.iterations`; None and an empty list mean the API reported none.

    Raises:
        UsageError: An entry is not an object with a type and token counts.
    """
    if entries is None:
        return ()
    if isinstance(entries, str) or not isinstance(entries, Sequence):
        raise UsageError(f"usage.iterations must be a list, not {type(entries).__name__}")
    return tuple(_iteration(entry, f"usage.iterations[{i}]") for i, entry in enumerate(entries))


def iterations_from_json(text: str | None) -> tuple[Iteration, ...]:
    """Read the JSON text that spans and the ledger keep of `usage.iterations`.

    Raises:
        UsageError: The text is not JSON, or not a list of iterations.
    """
    if not text:
        return ()
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise UsageError(f"usage.iterations is not JSON: {error}") from error
    return iterations_from_api(entries)


class _Writes(NamedTuple):
    five_minutes: int
    one_hour: int
    split_known: bool


def _iteration(entry: object, where: str) -> Iteration:
    if not isinstance(entry, Mapping):
        raise UsageError(f"{where} must be an object, not {type(entry).__name__}")
    kind = entry.get("type")
    if not isinstance(kind, str):
        raise UsageError(f"{where}.type must be a text such as 'message', not {kind!r}")
    writes = _cache_writes(entry, where)
    return Iteration(
        type=kind,
        model=_text(entry, "model", where),
        input_tokens=_required(entry, "input_tokens", where),
        output_tokens=_required(entry, "output_tokens", where),
        cache_read_tokens=_count(entry, "cache_read_input_tokens", where),
        cache_write_5m_tokens=writes.five_minutes,
        cache_write_1h_tokens=writes.one_hour,
        ttl_split_known=writes.split_known,
    )


def _cache_writes(usage: Mapping[str, Any], where: str) -> _Writes:
    """Split cache writes by lifetime: 1h clamped to the total, what is left over is 5m.

    The total can drift away from the split within a stream, so the total decides
    (reference rule: pricing page, "Cache TTL").
    """
    split = usage.get("cache_creation")
    total = usage.get("cache_creation_input_tokens")
    if split is None:
        writes = _count(usage, "cache_creation_input_tokens", where)
        return _Writes(writes, 0, split_known=writes == 0)
    section = _section(usage, "cache_creation", where)
    five = _count(section, "ephemeral_5m_input_tokens", f"{where}.cache_creation")
    hour = _count(section, "ephemeral_1h_input_tokens", f"{where}.cache_creation")
    if total is None:
        return _Writes(five, hour, split_known=True)
    writes = _count(usage, "cache_creation_input_tokens", where)
    hour = min(hour, writes)
    return _Writes(writes - hour, hour, split_known=True)


def _credit_redeemed(usage: Mapping[str, Any]) -> bool:
    credit = usage.get("fallback_credit")
    if credit is None:
        return False
    status = credit.get("status") if isinstance(credit, Mapping) else None
    return isinstance(status, Mapping) and status.get("type") == "redeemed"


def _section(usage: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = usage.get(key)
    if value is None:
        return {}
    if type(value) is not dict and not isinstance(value, Mapping):
        raise UsageError(f"{where}.{key} must be an object, not {type(value).__name__}")
    return value


def _required(usage: Mapping[str, Any], key: str, where: str) -> int:
    value = usage.get(key)
    if value is None:
        raise UsageError(f"{where}.{key} is missing; the API always sends it")
    return _checked(value, key, where)


def _count(usage: Mapping[str, Any], key: str, where: str) -> int:
    value = usage.get(key)
    return 0 if value is None else _checked(value, key, where)


def _checked(value: Any, key: str, where: str) -> int:
    if type(value) is not int:  # bool is an int to isinstance, and 1.5 tokens is a mistake
        raise UsageError(f"{where}.{key} must be a whole number, not {value!r}")
    if not 0 <= value <= MAX_COUNT:
        raise UsageError(f"{where}.{key} must lie between 0 and {MAX_COUNT:,}, not {value:,}")
    return value


def _text(usage: Mapping[str, Any], key: str, where: str = "usage") -> str | None:
    value = usage.get(key)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{where}.{key} must be a text, not {value!r}")
    return value
