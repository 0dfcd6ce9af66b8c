"""From responses, usage and costs to span attributes. Pure; names come from `semconv`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.util.types import AttributeValue

from . import semconv
from .pricing import Cost, Usage
from .usage import UsageFold

Attributes = dict[str, AttributeValue]

_HEADERS = {
    b"request-id": semconv.REQUEST_ID,
    b"anthropic-organization-id": semconv.ORGANIZATION_ID,
    b"anthropic-workspace-id": semconv.WORKSPACE_ID,
    **{
        f"anthropic-ratelimit-{kind}-{what}".encode(): (
            f"{semconv.RATELIMIT_PREFIX}{kind.replace('-', '_')}.{what}"
        )
        for kind in ("requests", "tokens", "input-tokens", "output-tokens")
        for what in ("limit", "remaining", "reset")
    },
}


def header_attributes(headers: Mapping[str, str]) -> Attributes:
    """Who served the call and what is left of the rate limits, from the response's headers."""
    attributes: Attributes = {}
    for header, value in _raw_headers(headers):
        if name := _HEADERS.get(header.lower()):
            text = value.decode("latin-1")
            counted = name.startswith(semconv.RATELIMIT_PREFIX) and text.isdigit()
            attributes[name] = int(text) if counted else text
    return attributes


def _raw_headers(headers: Mapping[str, str]) -> Iterable[tuple[bytes, bytes]]:
    """The bytes that arrived: a quarter of the time of decoding all to look at a few."""
    raw: Iterable[tuple[bytes, bytes]] | None = getattr(headers, "raw", None)
    if raw is not None:
        return raw
    return [(name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]


def usage_attributes(usage: Usage, raw: Mapping[str, Any]) -> Attributes:
    """Token counts; the convention's input count includes what was read from and put in cache."""
    attributes: Attributes = {
        semconv.INPUT_TOKENS: usage.prompt_tokens,
        semconv.OUTPUT_TOKENS: usage.output_tokens,
        semconv.CACHE_READ_TOKENS: usage.cache_read_tokens,
        semconv.CACHE_WRITE_TOKENS: usage.cache_write_tokens,
    }
    if usage.ttl_split_known and usage.cache_write_tokens:
        attributes[semconv.CACHE_WRITE_5M_TOKENS] = usage.cache_write_5m_tokens
        attributes[semconv.CACHE_WRITE_1H_TOKENS] = usage.cache_write_1h_tokens
    if usage.thinking_tokens:
        attributes[semconv.REASONING_TOKENS] = usage.thinking_tokens
    if usage.web_search_requests:
        attributes[semconv.WEB_SEARCH_REQUESTS] = usage.web_search_requests
    if usage.web_fetch_requests:
        attributes[semconv.WEB_FETCH_REQUESTS] = usage.web_fetch_requests
    if usage.service_tier:
        attributes[semconv.SERVICE_TIER] = usage.service_tier
    if usage.speed:
        attributes[semconv.SPEED] = usage.speed
    if usage.inference_geo:
        attributes[semconv.INFERENCE_GEO] = usage.inference_geo
    if usage.iterations:
        attributes[semconv.ITERATIONS] = json.dumps(raw["iterations"], separators=(",", ":"))
    if usage.fallback_credit_redeemed:
        attributes[semconv.FALLBACK_CREDIT] = "redeemed"
    return attributes


def message_attributes(fold: UsageFold) -> Attributes:
    """Which message came back, from which model, and why it ended."""
    attributes: Attributes = {}
    if fold.message_id:
        attributes[semconv.RESPONSE_ID] = fold.message_id
    if fold.model:
        attributes[semconv.RESPONSE_MODEL] = fold.model
    if fold.stop_reason:
        attributes[semconv.STOP_REASON] = fold.stop_reason
        attributes[semconv.FINISH_REASONS] = [fold.stop_reason]
    if fold.cache_miss_reason:
        attributes[semconv.CACHE_MISS_REASON] = fold.cache_miss_reason
        if fold.cache_missed_tokens is not None:
            attributes[semconv.CACHE_MISSED_TOKENS] = fold.cache_missed_tokens
    return attributes


def cost_attributes(cost: Cost) -> Attributes:
    """The cost with its parts, status and price version; no amount when there is no price."""
    attributes: Attributes = {
        semconv.COST_STATUS: cost.status,
        semconv.PRICES_VERSION: cost.prices_version,
    }
    if cost.reasons:
        attributes[semconv.COST_REASONS] = list(cost.reasons)
    if cost.picodollars is None or cost.parts is None:
        return attributes
    attributes[semconv.COST_PICODOLLARS] = cost.picodollars
    attributes[semconv.COST_USD] = cost.picodollars / 1e12
    for name, picodollars in zip(semconv.COST_PARTS_USD, cost.parts, strict=True):
        if picodollars:
            attributes[name] = picodollars / 1e12
    return attributes
