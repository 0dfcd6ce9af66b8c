"""A report of a call, as far as it tells which call it is of, and its verdict; pure."""

from __future__ import annotations

from typing import NamedTuple

from spanledger_collector import sources

__all__ = ["FACTS", "WINDOW_US", "Facts", "Report", "Verdict"]

WINDOW_US = 3600 * 10**6
"""How far apart two reports of one call may have started."""
FACTS = ("team", "feature", "user_id", "session_id")
"""What the report that counts takes from the others where it does not know it."""

Facts = tuple["str | None", ...]
Identity = tuple[str, str, str, int]


class Report(NamedTuple):
    """What a report says that tells which call it is of, and how much it knows."""

    source: str
    call_key: str
    trace_id: str
    span_id: int
    parent_span_id: int | None
    start_us: int
    duration_ns: int
    models: frozenset[str]
    tokens: tuple[int, ...]
    usage_known: bool
    usage_complete: bool
    message_id: str | None
    request_id: str | None
    facts: Facts

    @property
    def identity(self) -> Identity:
        """What a delivery of the same report has in common with this one."""
        return self.source, self.call_key, self.trace_id, self.span_id

    @property
    def is_bare(self) -> bool:
        """Whether only its place in the trace can tell which call it is of."""
        return self.message_id is None and self.request_id is None

    @property
    def is_total(self) -> bool:
        """Whether it adds up the calls of a session instead of being one."""
        return self.source == sources.SESSION_TOTALS

    @property
    def session_id(self) -> str | None:
        """The session it belongs to."""
        return self.facts[FACTS.index("session_id")]

    @property
    def precedence(self) -> tuple[object, ...]:
        """Sorts the report that counts first: what it cost, then who says so, then the earliest."""
        standing = (not self.usage_known, sources.rank(self.source), not self.usage_complete)
        return *standing, self.start_us, self.identity


class Verdict(NamedTuple):
    """What becomes of a report."""

    counts: bool
    counted_key: str | None
    """The key of the report that counts instead; none for one that counts, or for a total."""
    matched_by: str | None
    facts: Facts
    """Its own, and for a report that counts those of the others where it has none."""
    filled: str | None
    """Which facts are the others'."""
