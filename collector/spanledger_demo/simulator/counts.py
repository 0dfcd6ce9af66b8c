"""What one answer consumed: read from and written as the API's `usage` object, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

JsonObject = dict[str, Any]


class Counts(NamedTuple):
    """The counts of one answer; `input_tokens` is the uncached part, as in the API."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    thinking_tokens: int = 0
    web_searches: int = 0
    web_fetches: int = 0
    service_tier: str = "standard"
    inference_geo: str | None = "global"
    speed: str | None = None
    iterations: tuple[Mapping[str, Any], ...] = ()
    regional: bool = False
    """Whether an endpoint of a region served it, as Bedrock and Google Cloud offer."""

    @property
    def prompt_tokens(self) -> int:
        """The whole prompt: uncached, read from cache and written to it."""
        return self.input_tokens + self.cache_read + self.cache_write_5m + self.cache_write_1h


def usage_object(counts: Counts) -> JsonObject:
    """Write the counts as the `usage` object of a finished message."""
    usage: JsonObject = {
        "input_tokens": counts.input_tokens,
        "cache_creation_input_tokens": counts.cache_write_5m + counts.cache_write_1h,
        "cache_read_input_tokens": counts.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.cache_write_5m,
            "ephemeral_1h_input_tokens": counts.cache_write_1h,
        },
        "output_tokens": counts.output_tokens,
        "service_tier": counts.service_tier,
        "inference_geo": counts.inference_geo,
    }
    if counts.thinking_tokens:
        usage["output_tokens_details"] = {"thinking_tokens": counts.thinking_tokens}
    if counts.web_searches or counts.web_fetches:
        usage["server_tool_use"] = {
            "web_search_requests": counts.web_searches,
            "web_fetch_requests": counts.web_fetches,
        }
    if counts.speed is not None:
        usage["speed"] = counts.speed
    return usage


def counts_from_usage(usage: Mapping[str, Any]) -> Counts:
    """Read a `usage` object; cache writes that its TTL split leaves out count as 5-minute ones."""
    split: Mapping[str, Any] = usage.get("cache_creation") or {}
    tools: Mapping[str, Any] = usage.get("server_tool_use") or {}
    details: Mapping[str, Any] = usage.get("output_tokens_details") or {}
    written = _count(usage, "cache_creation_input_tokens")
    hour = min(_count(split, "ephemeral_1h_input_tokens"), written)
    return Counts(
        input_tokens=_count(usage, "input_tokens"),
        output_tokens=_count(usage, "output_tokens"),
        cache_read=_count(usage, "cache_read_input_tokens"),
        cache_write_5m=written - hour,
        cache_write_1h=hour,
        thinking_tokens=_count(details, "thinking_tokens"),
        web_searches=_count(tools, "web_search_requests"),
        web_fetches=_count(tools, "web_fetch_requests"),
        service_tier=usage.get("service_tier") or "standard",
        inference_geo=usage.get("inference_geo"),
        speed=usage.get("speed"),
        iterations=tuple(usage.get("iterations") or ()),
    )


def _count(values: Mapping[str, Any], key: str) -> int:
    return int(values.get(key) or 0)
