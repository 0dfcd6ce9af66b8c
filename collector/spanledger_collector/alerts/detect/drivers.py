"""Who and what made the difference: the six causes of decision 50, against an expectation.

`what_changed` compares two stretches of the ledger. An alert compares with what was usual, which is
the mean of several stretches; hence the same sums here, with a scale on the earlier side.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Driver", "Use", "drivers"]

_PROMPT = ("input", "cache_read", "cache_write_5m", "cache_write_1h")


class Use(NamedTuple):
    """Priced calls of one group with one model on one platform."""

    group: str | None
    model: str | None
    provider: str | None
    calls: float
    usd: float
    input_tokens: float = 0.0
    input_usd: float = 0.0
    cache_read_tokens: float = 0.0
    cache_read_usd: float = 0.0
    cache_write_5m_tokens: float = 0.0
    cache_write_5m_usd: float = 0.0
    cache_write_1h_tokens: float = 0.0
    cache_write_1h_usd: float = 0.0
    output_tokens: float = 0.0
    output_usd: float = 0.0
    searches: float = 0.0
    search_usd: float = 0.0


class Driver(NamedTuple):
    """One group's part in the difference; the six causes add up to it."""

    group: str | None
    before_usd: float
    after_usd: float
    share: float
    """Of the whole difference; above 1 where others spent less."""
    volume_usd: float
    mix_usd: float
    tokens_usd: float
    cache_usd: float
    price_usd: float
    search_usd: float

    @property
    def difference_usd(self) -> float:
        """What the group spent more."""
        return self.after_usd - self.before_usd

    @property
    def cause(self) -> str:
        """The cause that did most in the direction of the difference."""
        sign = 1 if self.difference_usd >= 0 else -1
        causes = ("volume", "mix", "tokens", "cache", "price", "search")
        return max(causes, key=lambda cause: sign * getattr(self, f"{cause}_usd"))


def drivers(before: Iterable[Use], after: Iterable[Use], scale: float = 1.0) -> list[Driver]:
    """Split the difference by group, those that moved with it first.

    Args:
        before: what is compared with.
        after: what is to be explained.
        scale: by which the earlier sums count, one fourth for those of four such windows.
    """
    cells: dict[tuple[str | None, str | None, str | None], list[Use]] = {}
    for side, uses in enumerate((before, after)):
        for use in uses:
            key = use[:3]
            pair = cells.setdefault(key, [Use(*key, 0.0, 0.0), Use(*key, 0.0, 0.0)])
            factor = 1.0 if side else scale
            amounts = (a + factor * b for a, b in zip(pair[side][3:], use[3:], strict=True))
            pair[side] = Use(*key, *amounts)
    groups: dict[str | None, list[tuple[Use, Use]]] = defaultdict(list)
    for (group, _, _), (old, new) in cells.items():
        groups[group].append((old, new))
    difference = sum(new.usd - old.usd for pairs in groups.values() for old, new in pairs)
    found = [_driver(group, pairs, difference) for group, pairs in groups.items()]
    sign = 1 if difference >= 0 else -1
    return sorted(found, key=lambda one: (-sign * one.difference_usd, one.group or ""))


def _driver(group: str | None, pairs: list[tuple[Use, Use]], difference: float) -> Driver:
    before, after = (sum(pair[side].usd for pair in pairs) for side in (0, 1))
    calls_0, calls_1 = (sum(pair[side].calls for pair in pairs) for side in (0, 1))
    at_old_cost = sum(_at_old_rate(old.calls, old.usd, new.calls, new.usd) for old, new in pairs)
    mix = at_old_cost - calls_1 * before / calls_0 if calls_0 else 0.0
    tokens, cache, price, search = (
        sum(causes) for causes in zip(*(_within(old, new) for old, new in pairs), strict=True)
    )
    moved = after - before
    return Driver(
        group=group,
        before_usd=before,
        after_usd=after,
        share=moved / difference if difference else 0.0,
        volume_usd=moved - (mix + tokens + cache + price + search),
        mix_usd=mix,
        tokens_usd=tokens,
        cache_usd=cache,
        price_usd=price,
        search_usd=search,
    )


def _within(old: Use, new: Use) -> tuple[float, float, float, float]:
    """Tokens, cache, price and searches of one model: nothing where nothing was called before."""
    if not old.calls:
        return 0.0, 0.0, 0.0, 0.0
    growth = new.calls / old.calls
    parts = [(_part(old, kind), _part(new, kind)) for kind in _PROMPT]
    prompt_at_old = sum(_at_old_rate(*a, *b) for a, b in parts)
    n_0, n_1 = sum(a[0] for a, _ in parts), sum(b[0] for _, b in parts)
    cost_0, cost_1 = sum(a[1] for a, _ in parts), sum(b[1] for _, b in parts)
    at_old_mix = n_1 * (cost_0 / n_0 if n_0 else prompt_at_old / n_1 if n_1 else 0.0)
    output_at_old = _at_old_rate(*_part(old, "output"), *_part(new, "output"))
    return (
        at_old_mix + output_at_old - growth * (cost_0 + old.output_usd),
        prompt_at_old - at_old_mix,
        cost_1 + new.output_usd - prompt_at_old - output_at_old,
        new.search_usd - growth * old.search_usd,
    )


def _part(use: Use, kind: str) -> tuple[float, float]:
    return getattr(use, f"{kind}_tokens"), getattr(use, f"{kind}_usd")


def _at_old_rate(n_0: float, cost_0: float, n_1: float, cost_1: float) -> float:
    """What the later amount costs at the earlier rate, or at its own where there is none."""
    if n_0:
        return n_1 * cost_0 / n_0
    return cost_1
