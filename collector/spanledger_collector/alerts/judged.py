"""What the last judgements came to, rule by rule: how many groups, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

__all__ = ["Judgements", "RuleState"]

LATE = 3
"""After so many intervals without a judgement, nobody can say what fires."""
LEAST_LATE = timedelta(minutes=3)


class RuleState(NamedTuple):
    """What one judgement of a rule or a budget came to."""

    series: int = 0
    left_out: int = 0
    """Groups that were too many, and matter less than those judged."""
    trouble: str | None = None
    """Why it could not be judged; its alerts stayed as they were."""


class Judgements:
    """Remembers them; written by one thread, read by any.

    Args:
        interval_s: from one to the next.
    """

    def __init__(self, interval_s: float) -> None:
        self.states: Mapping[str, RuleState] = {}
        self.judged_at: datetime | None = None
        self.patience = max(LATE * timedelta(seconds=interval_s), LEAST_LATE)
        """Longer between two judgements, nobody knows what was."""
        self._begun: datetime | None = None
        self._failed: str | None = None

    def begin(self, now: datetime) -> None:
        """From now on there should be judgements."""
        self._begun = self._begun or now

    def succeed(self, now: datetime, states: Mapping[str, RuleState]) -> None:
        """One was made."""
        self.states, self.judged_at, self._failed = states, now, None

    def fail(self, why: str) -> None:
        """One could not be made."""
        self._failed = why

    def trouble(self, now: datetime) -> str | None:
        """Why nobody knows what fires; nothing while judgements are made."""
        since = self.judged_at or self._begun
        if self._failed is None and (since is None or now - since <= self.patience):
            return None
        last = f"the last at {self.judged_at:%Y-%m-%d %H:%M} UTC" if self.judged_at else "none yet"
        why = self._failed or "a judgement takes too long or nobody makes one"
        return f"Rules are not judged ({last}): {why}. Alerts stay as they were."
