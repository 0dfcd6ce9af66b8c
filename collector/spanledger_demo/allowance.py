"""What the answers of the history told of the rate limits, minute by minute."""

from __future__ import annotations

from typing import Final, NamedTuple

from spanledger_demo.arrivals import Arrival
from spanledger_demo.simulator.counts import Counts

__all__ = ["LIMITS", "Allowance", "Left"]

_MINUTE_NS: Final = 60 * 1_000_000_000


class Left(NamedTuple):
    """What is left of each limit in this minute; of tokens in whole thousands, as the API says."""

    requests: int
    input_tokens: int
    output_tokens: int


LIMITS: Final = Left(1_000, 450_000, 90_000)
"""A minute, for each model of each workspace: a runaway agent comes near, nobody else does."""


class Allowance:
    """Counts the use of the running minute; calls must come in order of time."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], tuple[int, Left]] = {}

    def left(self, arrival: Arrival, counts: Counts | None) -> Left:
        """Note one request and tell what it left; one without counts was refused by a limit."""
        key = arrival.environment, arrival.feature.model
        minute = arrival.at_ns // _MINUTE_NS
        since, used = self._used.get(key, (minute, Left(0, 0, 0)))
        if since != minute:
            used = Left(0, 0, 0)
        if counts is not None:  # reads from the cache are free of the limit
            fresh = counts.prompt_tokens - counts.cache_read
            used = Left(used[0] + 1, used[1] + fresh, used[2] + counts.output_tokens)
        self._used[key] = minute, used
        if counts is None:
            return Left(LIMITS.requests - used.requests, 0, _thousands(LIMITS[2] - used[2]))
        return Left(
            max(0, LIMITS.requests - used.requests),
            _thousands(LIMITS.input_tokens - used.input_tokens),
            _thousands(LIMITS.output_tokens - used.output_tokens),
        )


def _thousands(tokens: int) -> int:
    return max(0, tokens // 1000 * 1000)
