"""What the same call would have cost: without caching, in a batch, at another model. Pure.

Each function prices one call again with one fact changed, so that every rule applies to the answer:
lengths, tiers, regions, contracts, and the reasons why an amount is an estimate or unknown.
"""

from __future__ import annotations

from typing import NamedTuple

from .book import PriceBook
from .cost import Cost
from .rules import price
from .usage import Iteration, Usage

__all__ = ["Savings", "in_batch", "savings", "what_if", "without_caching"]


class Savings(NamedTuple):
    """A call's cost beside what it would have been."""

    actual: Cost
    without_caching: Cost
    in_batch: Cost

    @property
    def by_caching(self) -> int | None:
        """Picodollars that caching saved, net of the premium on writes; negative when it cost."""
        return _difference(self.without_caching, self.actual)

    @property
    def by_batching(self) -> int | None:
        """Picodollars that a batch would have saved, or did when the call ran in one."""
        if self.actual == self.in_batch:
            return None
        return _difference(self.actual, self.in_batch)


def savings(
    model: str,
    usage: Usage,
    *,
    at_ns: int,
    provider: str = "anthropic",
    stop_reason: str | None = None,
    complete: bool = True,
    request_model: str | None = None,
    server_address: str | None = None,
    book: PriceBook | None = None,
) -> Savings:
    """Price a call as it was, without caching and in a batch; the facts are those of `price`."""

    def cost(used: Usage) -> Cost:
        return price(
            model,
            used,
            at_ns=at_ns,
            provider=provider,
            stop_reason=stop_reason,
            complete=complete,
            request_model=request_model,
            server_address=server_address,
            book=book,
        )

    return Savings(cost(usage), cost(without_caching(usage)), cost(in_batch(usage)))


def what_if(
    other: str,
    model: str,
    usage: Usage,
    *,
    at_ns: int,
    provider: str = "anthropic",
    stop_reason: str | None = None,
    complete: bool = True,
    request_model: str | None = None,
    server_address: str | None = None,
    book: PriceBook | None = None,
) -> Cost:
    """Price a call as if another model had served it, with the same counts, at the same place.

    Advisors and models that declined keep their own price: another server would not change them.
    Counts are taken as they are, although another model may cut text into other tokens.
    """
    return price(
        other,
        usage._replace(iterations=tuple(_at(other, model, entry) for entry in usage.iterations)),
        at_ns=at_ns,
        provider=provider,
        stop_reason=stop_reason,
        complete=complete,
        request_model=request_model or model,  # its form tells the region
        server_address=server_address,
        book=book,
    )


def without_caching(usage: Usage) -> Usage:
    """The same prompt sent without a cache: everything read is uncached input."""
    return usage._replace(
        input_tokens=usage.prompt_tokens,
        cache_read_tokens=0,
        cache_write_5m_tokens=0,
        cache_write_1h_tokens=0,
        ttl_split_known=True,
        iterations=tuple(
            entry._replace(
                input_tokens=entry.prompt_tokens,
                cache_read_tokens=0,
                cache_write_5m_tokens=0,
                cache_write_1h_tokens=0,
                ttl_split_known=True,
            )
            for entry in usage.iterations
        ),
    )


def in_batch(usage: Usage) -> Usage:
    """The same call as an item of a batch, where there is no fast mode."""
    return usage._replace(service_tier="batch", speed=None)


def _at(other: str, model: str, entry: Iteration) -> Iteration:
    return entry._replace(model=other) if entry.model == model else entry


def _difference(more: Cost, less: Cost) -> int | None:
    if more.picodollars is None or less.picodollars is None:
        return None
    return more.picodollars - less.picodollars
