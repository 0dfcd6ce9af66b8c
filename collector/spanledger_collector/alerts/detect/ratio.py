"""Shares that moved: failures that surge, and a cache that no longer serves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaincinv

from spanledger_collector.alerts.detect.series import Doubles, Interval, Verdict

__all__ = ["COLLAPSE", "SURGE", "Collapse", "Counts", "Surge", "collapse", "surge"]


class Counts(NamedTuple):
    """So many of so many, one a group."""

    some: Doubles
    all: Doubles


class Surge(NamedTuple):
    """When failures are a surge."""

    times: float = 3.0
    """The share has to be so many times the usual …"""
    more: float = 0.05
    """… and so much above it."""
    min_calls: float = 20.0
    probability: float = 1e-4
    severe_share: float = 0.5


class Collapse(NamedTuple):
    """When a cache has collapsed."""

    kept: float = 0.5
    """It serves less than this part of its usual share of the prompt …"""
    min_share: float = 0.2
    """… which has to be at least so much to begin with."""
    min_calls: float = 20.0
    calls_alike: float = 4.0
    """So many calls say together what one says alone: those of a conversation share their cache."""
    probability: float = 1e-4
    floor_usd: float = 1.0
    """What the lost hits cost at least."""


SURGE, COLLAPSE = Surge(), Collapse()

_WEIGHT = 0.5
"""Jeffreys' prior: half a success and half a failure before anything is seen."""


def surge(now: Counts, before: Counts, window: Interval, rule: Surge = SURGE) -> list[Verdict]:
    """Failed calls of all calls, against the same share before.

    Fires when the share is beyond the limit with near certainty, given how few calls there are.
    """
    usual = _share(before)
    limit = np.minimum(np.maximum(rule.times * usual, usual + rule.more), 0.999)
    failed, fine = now.some + _WEIGHT, now.all - now.some + _WEIGHT
    unlikely = betainc(failed, fine, limit)
    fires = (now.all >= rule.min_calls) & (unlikely < rule.probability)
    severe = fires & (betaincinv(failed, fine, rule.probability) > rule.severe_share)
    return _verdicts("failures_surge", fires, severe, now, usual, unlikely, rule.min_calls, window)


def collapse(
    now: Counts,
    before: Counts,
    calls: Doubles,
    lost_usd: Doubles,
    window: Interval,
    rule: Collapse = COLLAPSE,
) -> list[Verdict]:
    """Cached tokens read of all prompt tokens, against the same share before.

    Args:
        now: tokens read from the cache, and all tokens of the prompts.
        before: the same for the time to compare with.
        calls: behind `now`.
        lost_usd: what the prompts cost now beyond what they would at the earlier share.
        window: to which `now` belongs.
        rule: when that is a collapse.
    """
    usual, share = _share(before), _share(now)
    weight = calls / rule.calls_alike
    unlikely = 1 - betainc(
        share * weight + _WEIGHT, (1 - share) * weight + _WEIGHT, np.minimum(rule.kept * usual, 1)
    )
    fires = (calls >= rule.min_calls) & (usual >= rule.min_share) & (unlikely < rule.probability)
    fires &= lost_usd > rule.floor_usd
    none = np.zeros_like(fires)
    seen = Counts(share * calls, calls)
    return _verdicts("cache_collapse", fires, none, seen, usual, unlikely, rule.min_calls, window)


def lost_to_cache(
    now: Counts, before: Counts, input_rate_usd: Doubles, read_rate_usd: Doubles
) -> Doubles:
    """What the prompts cost beyond the earlier share of cached tokens, at rates by token."""
    missing = np.maximum(_share(before) * now.all - now.some, 0.0)
    lost: Doubles = missing * np.maximum(input_rate_usd - read_rate_usd, 0.0)
    return lost


def _share(counts: Counts) -> Doubles:
    share: Doubles = counts.some / np.maximum(counts.all, 1.0)
    return share


def _verdicts(
    reason: str,
    fires: np.ndarray,
    severe: np.ndarray,
    now: Counts,
    usual: Doubles,
    unlikely: Doubles,
    min_calls: float,
    window: Interval,
) -> list[Verdict]:
    low, high = (
        betaincinv(now.all * usual + _WEIGHT, now.all * (1 - usual) + _WEIGHT, edge)
        for edge in (0.05, 0.95)
    )
    return [
        Verdict(
            fires=bool(fires[row]),
            severe=bool(severe[row]),
            observed=float(now.some[row] / max(now.all[row], 1.0)),
            expected=float(usual[row]),
            low=float(low[row]),
            high=float(high[row]),
            window=window,
            probability=float(unlikely[row]) if now.all[row] >= min_calls else None,
            reason=reason if fires[row] else "usual" if now.all[row] >= min_calls else "few_calls",
        )
        for row in range(len(usual))
    ]
