"""Calls that tell more than the usual: caches, limits, first chunks, whatever a span can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from spanledger import semconv
from tests.dashboard.support import Reported

__all__ = ["LIMITS", "Fact", "Told", "limit"]

Fact = str | int | bool | float
LIMITS = f"{semconv.RATELIMIT_PREFIX}{{}}.{{}}"


@dataclass(frozen=True)
class Told(Reported):
    """A call with facts of its own; a fact of None is left out."""

    facts: Mapping[str, Fact | None] = field(default_factory=dict)

    def _told(self) -> dict[str, Fact]:
        told = {**super()._told(), **self.facts}
        return {name: value for name, value in told.items() if value is not None}


def limit(kind: str, most: int, left: int) -> dict[str, Fact]:
    """What an answer's headers tell of one limit."""
    return {LIMITS.format(kind, "limit"): most, LIMITS.format(kind, "remaining"): left}
