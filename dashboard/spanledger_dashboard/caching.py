"""What caching did for a group of calls, added up exactly; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

__all__ = ["NO_CACHING", "Caching", "Miss", "Reuse", "summed"]


@dataclass(frozen=True)
class Caching:
    """Prompt tokens and dollars by where the tokens came from; unpriced calls are in none."""

    calls: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_usd: Decimal = Decimal(0)
    cache_read_usd: Decimal = Decimal(0)
    cache_write_5m_usd: Decimal = Decimal(0)
    cache_write_1h_usd: Decimal = Decimal(0)
    reads_saved_usd: Decimal = Decimal(0)
    write_premium_usd: Decimal = Decimal(0)
    unknown_savings_usd: Decimal = Decimal(0)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Caching:
        """The figures of one row; a missing sum is nothing."""
        values: list[Any] = [
            Decimal(row[name] or 0) if name.endswith("_usd") else int(row[name] or 0)
            for name in _COLUMNS
        ]
        return cls(*values)

    def __add__(self, other: Caching) -> Caching:
        """Both groups together."""
        return Caching(*(getattr(self, name) + getattr(other, name) for name in _COLUMNS))

    @property
    def write_tokens(self) -> int:
        """Tokens written to the cache, whatever their time to live."""
        return self.cache_write_5m_tokens + self.cache_write_1h_tokens

    @property
    def prompt_tokens(self) -> int:
        """All tokens sent."""
        return self.input_tokens + self.cache_read_tokens + self.write_tokens

    @property
    def hit_share(self) -> float | None:
        """The part of the prompt tokens that was read from the cache; None without a prompt."""
        return self.cache_read_tokens / self.prompt_tokens if self.prompt_tokens else None

    @property
    def hour_share(self) -> float | None:
        """The part of the written tokens that was written for an hour; None without writes."""
        return self.cache_write_1h_tokens / self.write_tokens if self.write_tokens else None

    @property
    def write_usd(self) -> Decimal:
        """What writing to the cache cost."""
        return self.cache_write_5m_usd + self.cache_write_1h_usd

    @property
    def unread_usd(self) -> Decimal:
        """What the tokens cost that did not come from the cache."""
        return self.input_usd + self.write_usd

    @property
    def net_saved_usd(self) -> Decimal:
        """Saved by reads less the premium on writes; negative where caching does not pay."""
        return self.reads_saved_usd - self.write_premium_usd


@dataclass(frozen=True)
class Miss:
    """Calls whose prompt the cache did not serve, for one reported cause."""

    cause: str
    name: str
    calls: int
    tokens: int
    cost_usd: Decimal | None
    """Beyond what reading would have cost; None where no price is known."""


@dataclass(frozen=True)
class Reuse:
    """A prompt that is used again after its five minutes have run out."""

    service: str
    feature: str
    model: str
    reuses: int
    late_reuses: int
    late_share: float | None
    late_median_gap_s: float | None
    rewritten_tokens: int
    rewritten_usd: Decimal
    saved_by_1h_usd: Decimal
    """What one-hour writes would have saved; negative where they would not pay."""


_COLUMNS = tuple(field.name for field in fields(Caching))
NO_CACHING = Caching()


def summed(groups: Iterable[Caching]) -> Caching:
    """All groups together."""
    return sum(groups, start=NO_CACHING)
