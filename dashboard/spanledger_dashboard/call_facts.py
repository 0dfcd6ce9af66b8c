"""What is known about one call, cut into the tables and words that a page shows; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from spanledger_dashboard import formats
from spanledger_dashboard.reasons import explained

__all__ = [
    "Alternative",
    "Limit",
    "Part",
    "alternatives",
    "evidence",
    "limits",
    "parts",
    "prompt_tokens",
    "reasons",
    "tags",
    "tokens_per_second",
    "unknown",
]

Call = Mapping[str, Any]

_MILLION = 1_000_000
_PARTS = {
    "Uncached input": ("input_tokens", "input_usd"),
    "Cache read": ("cache_read_tokens", "cache_read_usd"),
    "Cache write, 5 min": ("cache_write_5m_tokens", "cache_write_5m_usd"),
    "Cache write, 1 h": ("cache_write_1h_tokens", "cache_write_1h_usd"),
    "Output": ("output_tokens", "output_usd"),
    "Web searches": ("web_search_requests", "web_search_usd"),
}
_LIMITS = {
    "Requests": "requests",
    "Tokens": "tokens",
    "Input tokens": "input_tokens",
    "Output tokens": "output_tokens",
}
# A fact that may be missing, and what its absence means; streams alone have a first chunk.
_WORTH_KNOWING = {
    "message_id": "the API's message id",
    "request_id": "the API's request id",
    "stop_reason": "why the model stopped",
    "http_status": "the HTTP status",
    "service_tier": "the service tier",
    "inference_geo": "where the model ran",
    "organization_id": "the organisation",
    "workspace_id": "the workspace",
    "service_version": "the service's version",
    "team": "the team",
    "feature": "the feature",
    "user_id": "the user",
    "session_id": "the session",
}


class Part(NamedTuple):
    """One kind of token, or searches: how many, at what rate, at what cost."""

    kind: str
    number: int
    usd: Decimal | None
    rate_usd: Decimal | None
    """Of a million tokens, or of one search, as it came out for this call."""
    share: float | None
    """Of the whole cost."""


class Alternative(NamedTuple):
    """What the call would have cost otherwise."""

    name: str
    usd: Decimal
    difference_usd: Decimal
    words: str


class Limit(NamedTuple):
    """A rate limit as the answer's headers told it."""

    kind: str
    limit: int
    remaining: int | None

    @property
    def used(self) -> float | None:
        """The share that was used up."""
        return None if self.remaining is None or not self.limit else 1 - self.remaining / self.limit


def parts(call: Call) -> list[Part]:
    """What the cost is made of; kinds that did not occur are left out."""
    return [
        _part(call, kind, *columns)
        for kind, columns in _PARTS.items()
        if call[columns[0]] or call[columns[1]]
    ]


def prompt_tokens(call: Call) -> int:
    """All tokens sent: uncached, read from the cache and written to it."""
    kinds = ("input", "cache_read", "cache_write_5m", "cache_write_1h")
    return sum(int(call[f"{kind}_tokens"] or 0) for kind in kinds)


def tokens_per_second(call: Call) -> float | None:
    """How fast it wrote: from the first content on where that is known."""
    nanoseconds = call["duration_ns"] - (call["time_to_first_chunk_ns"] or 0)
    return call["output_tokens"] / nanoseconds * 1e9 if nanoseconds > 0 else None


def alternatives(call: Call) -> list[Alternative]:
    """The same call without caching and in a batch, where that would have made a difference."""
    cost = call["cost_usd"]
    if not cost:
        return []
    told = (
        ("Without caching", call["without_caching_usd"]),
        ("In a batch", call["in_batch_usd"]),
        ("At list prices", call["list_usd"]),
    )
    return [
        Alternative(name, usd, usd - cost, _compared(usd, cost))
        for name, usd in told
        if usd is not None and usd != cost
    ]


def limits(call: Call) -> list[Limit]:
    """The rate limits that came with the answer."""
    return [
        Limit(words, int(limit), call[f"{name}_remaining"])
        for words, name in _LIMITS.items()
        if (limit := call[f"{name}_limit"]) is not None
    ]


def reasons(call: Call) -> list[str]:
    """Why the cost is what it is, in words; nothing where it is simply the price."""
    return [explained(code) for code in call["cost_reasons"] or ()]


def tags(call: Call) -> dict[str, str]:
    """The caller's own tags."""
    told = json.loads(call["tags"] or "{}")
    return {str(name): str(value) for name, value in told.items()}


def unknown(call: Call) -> list[str]:
    """What the report of the call did not tell."""
    lacking = [words for name, words in _WORTH_KNOWING.items() if call[name] is None]
    if call["streamed"] and call["time_to_first_chunk_ns"] is None:
        lacking.append("the time to the first content")
    if not call["usage_known"]:
        lacking.append("its token counts")
    elif not call["usage_complete"]:
        lacking.append("its final token counts")
    if call["usage_known"] and not call["ttl_split_known"]:
        lacking.append("the lifetimes of its cache writes")
    if not limits(call):
        lacking.append("rate limits")
    return lacking


def evidence(reports: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Who reported the call, the report that counts first."""
    return [
        {
            "Report": "counts" if row["counted"] else f"evidence, by {row['matched_by']}",
            "Source": row["source"],
            "Outcome": row["outcome"],
            "Prompt": prompt_tokens(row),
            "Output": row["output_tokens"],
            "Would cost": formats.money(row["cost_usd"]),
            "Claimed": formats.money(row["claimed_usd"]) if row["claimed_usd"] is not None else "—",
            "Message id": row["message_id"] or "—",
            "Request id": row["request_id"] or "—",
            "Span id": row["span_id"],
        }
        for row in reports
    ]


def _part(call: Call, kind: str, counted: str, paid: str) -> Part:
    count, usd = int(call[counted] or 0), call[paid]
    each = 1 if kind == "Web searches" else _MILLION
    rate = None if usd is None or not count else usd * each / count
    whole = call["cost_usd"]
    return Part(kind, count, usd, rate, float(usd / whole) if whole and usd is not None else None)


def _compared(usd: Decimal, cost: Decimal) -> str:
    more = usd - cost
    side = "more" if more > 0 else "less"
    return f"{formats.money(abs(more))} {side} ({formats.relative(usd, cost)})"
