"""Prompt caching: which part of a prompt was read, which was written and for how long.

An entry is a prompt prefix that ended at a `cache_control` breakpoint. A request reads the longest
live entry that lies on, or at most twenty blocks before, one of its breakpoints; it writes what
follows up to its later breakpoints, each stretch with its breakpoint's TTL; the rest is plain
input. Reading an entry starts its TTL anew. Entries are kept apart by the caller's `namespace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from spanledger_demo.simulator.prompt import ONE_HOUR, PromptBlock

_LOOKBACK_BLOCKS: Final = 20
_SWEEP_ABOVE: Final = 10_000


class PromptCounts(NamedTuple):
    """How the tokens of one prompt are billed."""

    uncached: int
    read: int
    write_5m: int
    write_1h: int


class _Entry(NamedTuple):
    ttl_s: int
    expires_at: float


class PrefixCache:
    """The live entries of one simulator."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, bytes], _Entry] = {}

    def account(
        self, namespace: str, blocks: Sequence[PromptBlock], *, min_tokens: int, now: float
    ) -> PromptCounts:
        """Read and write the cache for one prompt, and say what was read and written."""
        ends = list(accumulate(block.tokens for block in blocks))
        marks = {
            index: block.ttl_s
            for index, block in enumerate(blocks)
            if block.ttl_s is not None and ends[index] >= min_tokens
        }
        hit = self._longest_hit(namespace, blocks, list(marks), now)
        read = ends[hit] if hit is not None else 0
        written = {True: 0, False: 0}
        done = read
        for index, ttl_s in marks.items():
            written[ttl_s == ONE_HOUR] += max(0, ends[index] - done)
            done = max(done, ends[index])
            self._touch((namespace, blocks[index].prefix_digest), ttl_s, now)
        if hit is not None:
            key = (namespace, blocks[hit].prefix_digest)
            self._touch(key, self._entries[key].ttl_s, now)
        total = ends[-1] if ends else 0
        return PromptCounts(total - done, read, written[False], written[True])

    def _longest_hit(
        self, namespace: str, blocks: Sequence[PromptBlock], marks: list[int], now: float
    ) -> int | None:
        for mark in reversed(marks):
            for index in range(mark, max(-1, mark - _LOOKBACK_BLOCKS - 1), -1):
                entry = self._entries.get((namespace, blocks[index].prefix_digest))
                if entry is not None and entry.expires_at > now:
                    return index
        return None

    def _touch(self, key: tuple[str, bytes], ttl_s: int, now: float) -> None:
        """Write an entry or start its TTL anew; one that lives longer already keeps its TTL."""
        held = self._entries.get(key)
        if held is not None and held.expires_at > now:
            ttl_s = held.ttl_s
        self._entries[key] = _Entry(ttl_s, now + ttl_s)
        if len(self._entries) > _SWEEP_ABOVE:
            live = {key: entry for key, entry in self._entries.items() if entry.expires_at > now}
            self._entries = live
