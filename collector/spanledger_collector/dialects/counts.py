"""The counts that attributes tell → the canonical usage, and what they leave open; pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from spanledger import semconv
from spanledger.pricing import Usage
from spanledger_collector.dialects import names
from spanledger_collector.dialects.reading import MAX_INT, count_of, text
from spanledger_collector.spans import Attributes

__all__ = ["CONVENTION", "Counted", "counts_of", "usage_of"]

CONVENTION: Final = "input_convention"
"""Left open where nobody can say whether input tokens include what the cache read and wrote."""
_PRICED: Final = {
    "service_tier": semconv.SERVICE_TIER,
    "speed": semconv.SPEED,
    "inference_geo": semconv.INFERENCE_GEO,
    "web_search_requests": semconv.WEB_SEARCH_REQUESTS,
}
"""What changes a price and few tell, under the names that those few use."""


class Counted(NamedTuple):
    """A call's usage, and which facts its source left open."""

    usage: Usage | None
    """None when there is not one count."""
    unknown: tuple[str, ...]


def usage_of(facts: Attributes, *, inclusive: bool = True) -> Counted:
    """Read the conventions' counts.

    Args:
        facts: the attributes.
        inclusive: whether input tokens include what the cache read and wrote.

    Raises:
        Absurd: something cannot be a count.
    """
    told = count_of(facts, *names.INPUT)
    output = count_of(facts, *names.OUTPUT)
    unknown = tuple(fact for fact, name in _PRICED.items() if name not in facts)
    if told is None and output is None:
        return Counted(None, unknown)
    read = count_of(facts, *names.CACHE_READ) or 0
    five = count_of(facts, semconv.CACHE_WRITE_5M_TOKENS)
    hour = count_of(facts, semconv.CACHE_WRITE_1H_TOKENS)
    written = count_of(facts, *names.CACHE_WRITE)
    written = (five or 0) + (hour or 0) if written is None else written
    uncached = told or 0
    if inclusive and uncached < read + written:
        unknown += (CONVENTION,)
    elif inclusive:
        uncached -= read + written
    counts = counts_of(uncached, output or 0, read, written, five, hour)
    return Counted(_with_facts(counts, facts), unknown)


def counts_of(
    uncached: int, output: int, read: int, written: int, five: int | None, hour: int | None
) -> Usage:
    """Split what was written by lifetime: the total decides, and what is left over is 5m."""
    in_an_hour = min(hour or 0, written)
    return Usage(
        input_tokens=uncached,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_5m_tokens=written - in_an_hour,
        cache_write_1h_tokens=in_an_hour,
        ttl_split_known=written == 0 or five is not None or hour is not None,
    )


def _with_facts(usage: Usage, facts: Attributes) -> Usage:
    return usage._replace(
        thinking_tokens=min(count_of(facts, *names.THINKING) or 0, usage.output_tokens),
        web_search_requests=count_of(facts, semconv.WEB_SEARCH_REQUESTS, limit=MAX_INT) or 0,
        web_fetch_requests=count_of(facts, semconv.WEB_FETCH_REQUESTS, limit=MAX_INT) or 0,
        service_tier=text(facts, semconv.SERVICE_TIER),
        speed=text(facts, semconv.SPEED),
        inference_geo=text(facts, semconv.INFERENCE_GEO),
    )
