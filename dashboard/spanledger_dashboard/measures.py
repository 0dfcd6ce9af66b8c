"""What is counted of a group of calls, added up exactly; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

__all__ = ["COLUMNS", "NOTHING", "Totals"]


@dataclass(frozen=True)
class Totals:
    """The measures of the query API for one group of calls.

    `cost_usd` adds up priced and estimated calls; unpriced calls are counted beside it.
    """

    cost_usd: Decimal = Decimal(0)
    input_usd: Decimal = Decimal(0)
    output_usd: Decimal = Decimal(0)
    cache_read_usd: Decimal = Decimal(0)
    cache_write_usd: Decimal = Decimal(0)
    web_search_usd: Decimal = Decimal(0)
    calls: int = 0
    requests: int = 0
    errors: int = 0
    unpriced_calls: int = 0
    estimated_calls: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    web_search_requests: int = 0
    retries: int = 0
    duration_ns: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Totals:
        """The measures of one row; a missing sum is nothing, as is one not asked for."""
        values: list[Any] = [
            Decimal(row.get(name) or 0) if name.endswith("_usd") else int(row.get(name) or 0)
            for name in COLUMNS
        ]
        return cls(*values)

    def __add__(self, other: Totals) -> Totals:
        """Both groups together."""
        return Totals(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))

    def __sub__(self, other: Totals) -> Totals:
        """What is left of this group without the other."""
        return Totals(*(getattr(self, name) - getattr(other, name) for name in COLUMNS))

    @property
    def known_cost_usd(self) -> Decimal | None:
        """The cost, or None where not one call has a price: unknown is not nothing."""
        return None if self.requests and self.requests == self.unpriced_calls else self.cost_usd

    @property
    def cache_write_tokens(self) -> int:
        """Tokens written to the cache, whatever their time to live."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """All tokens sent: uncached, read from the cache and written to it."""
        return self.input_tokens + self.cache_read_tokens + self.cache_write_tokens

    @property
    def tokens(self) -> int:
        """All tokens, in and out."""
        return self.prompt_tokens + self.output_tokens

    @property
    def cache_hit_share(self) -> float | None:
        """The part of the prompt tokens that came from the cache; None without a prompt."""
        return self.cache_read_tokens / self.prompt_tokens if self.prompt_tokens else None

    @property
    def error_share(self) -> float | None:
        """The part of the requests that failed; None without a request."""
        return self.errors / self.requests if self.requests else None

    @property
    def cost_per_call(self) -> Decimal | None:
        """What a priced call costs on average; None without one."""
        priced = self.calls - self.unpriced_calls
        return self.cost_usd / priced if priced > 0 else None


COLUMNS = tuple(field.name for field in fields(Totals))
NOTHING = Totals()
