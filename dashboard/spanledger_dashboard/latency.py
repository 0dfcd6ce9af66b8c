"""How long calls take and what goes wrong with them, as the collector tells it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

__all__ = ["NO_REQUESTS", "Failure", "Pace", "Requests"]


class Pace(NamedTuple):
    """Percentiles of one group of requests, which do not add up."""

    requests: int
    duration_p50_ns: int
    duration_p95_ns: int
    duration_p99_ns: int
    streams: int
    first_chunk_p50_ns: int | None
    first_chunk_p95_ns: int | None
    first_chunk_p99_ns: int | None
    output_tokens_per_second: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Pace:
        """The percentiles of one row."""
        return cls(*(row[name] for name in cls._fields))


@dataclass(frozen=True)
class Requests:
    """How requests ended."""

    requests: int = 0
    completed: int = 0
    errors: int = 0
    closed: int = 0
    dropped: int = 0
    cancelled: int = 0
    retries: int = 0
    incomplete_usd: Decimal = Decimal(0)

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Requests:
        """The counts of one row; a missing count is nothing."""
        values: list[Any] = [
            Decimal(row[name] or 0) if name.endswith("_usd") else int(row[name] or 0)
            for name in _COLUMNS
        ]
        return cls(*values)

    def __add__(self, other: Requests) -> Requests:
        """Both groups together."""
        return Requests(*(getattr(self, name) + getattr(other, name) for name in _COLUMNS))

    @property
    def error_share(self) -> float | None:
        """The part of the requests that failed; None without a request."""
        return self.errors / self.requests if self.requests else None

    @property
    def retry_share(self) -> float | None:
        """Retries for each request; None without a request."""
        return self.retries / self.requests if self.requests else None


class Failure(NamedTuple):
    """One class of requests that did not complete, or only after retries."""

    outcome: str
    error_type: str | None
    http_status: int | None
    name: str
    requests: int
    retries: int
    cost_usd: Decimal | None
    newest_time: datetime
    newest_trace_id: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Failure:
        """The failures of one row."""
        return cls(
            **{name: row[name] for name in cls._fields if name != "name"}, name=row["group_1"] or ""
        )


_COLUMNS = tuple(field.name for field in fields(Requests))
NO_REQUESTS = Requests()
