"""Answers about caching cut into what the Cache page draws and lists; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from spanledger_dashboard import formats
from spanledger_dashboard.buckets import Bucket
from spanledger_dashboard.caching import NO_CACHING, Caching, Miss, Reuse
from spanledger_dashboard.charts import Compared, Slice

__all__ = [
    "CAUSES",
    "FIVE_MINUTES",
    "HIT_SHARE",
    "NET",
    "ONE_HOUR",
    "PREMIUM",
    "SAVED",
    "cause",
    "hit_shares",
    "missed_by_cause",
    "missed_usd",
    "net_by_step",
    "reuse_rows",
    "rewritten_usd",
    "savings",
    "worst_rows",
    "worth_an_hour_usd",
    "writes",
]

SAVED, PREMIUM, NET = "Saved by reads", "Premium on writes", "Net"
HIT_SHARE = "Cache-hit share"
FIVE_MINUTES, ONE_HOUR = "5-minute writes", "1-hour writes"
CAUSES = {
    "model_changed": "Another model",
    "system_changed": "System prompt changed",
    "tools_changed": "Tools changed",
    "messages_changed": "Messages changed",
    "previous_message_not_found": "Previous message not found",
    "unavailable": "Cause unavailable",
}

ByStep = Mapping[datetime, Caching]


def cause(code: str) -> str:
    """A cause in words; a new one as it came."""
    return CAUSES.get(code, code.replace("_", " "))


def hit_shares(found: ByStep, steps: Sequence[Bucket]) -> list[Slice]:
    """The share of prompt tokens read from the cache, for the steps that have a prompt."""
    return [
        Slice(step.label, HIT_SHARE, share, formats.share(share), step.partial)
        for step in steps
        if (share := found.get(step.start, NO_CACHING).hit_share) is not None
    ]


def savings(found: ByStep, steps: Sequence[Bucket]) -> list[Slice]:
    """What reads saved, upwards, and the premium on writes, downwards."""
    return [
        Slice(step.label, series, float(value), formats.money(value), step.partial)
        for step in steps
        for caching in [found.get(step.start, NO_CACHING)]
        for series, value in (
            (SAVED, caching.reads_saved_usd),
            (PREMIUM, -caching.write_premium_usd),
        )
        if value
    ]


def net_by_step(found: ByStep, steps: Sequence[Bucket]) -> list[Slice]:
    """What is left of the savings after the premium."""
    return [
        Slice(step.label, NET, float(value), formats.money(value), step.partial)
        for step in steps
        if step.start in found
        for value in [found[step.start].net_saved_usd]
    ]


def writes(found: ByStep, steps: Sequence[Bucket]) -> list[Slice]:
    """Tokens written to the cache, by how long they live."""
    return [
        Slice(step.label, series, float(tokens), f"{formats.quantity(tokens)} tokens", step.partial)
        for step in steps
        for caching in [found.get(step.start, NO_CACHING)]
        for series, tokens in (
            (FIVE_MINUTES, caching.cache_write_5m_tokens),
            (ONE_HOUR, caching.cache_write_1h_tokens),
        )
        if tokens
    ]


def missed_usd(misses: Iterable[Miss]) -> Decimal:
    """What misses cost beyond reading, as far as a price is known."""
    return sum((miss.cost_usd or Decimal(0) for miss in misses), start=Decimal(0))


def rewritten_usd(reuses: Iterable[Reuse]) -> Decimal:
    """What writing again cost."""
    return sum((reuse.rewritten_usd for reuse in reuses), start=Decimal(0))


def worth_an_hour_usd(reuses: Iterable[Reuse]) -> Decimal:
    """What one-hour writes would have saved, chosen only where they pay."""
    gains = (max(reuse.saved_by_1h_usd, Decimal(0)) for reuse in reuses)
    return sum(gains, start=Decimal(0))


def missed_by_cause(now: Iterable[Miss], before: Iterable[Miss]) -> list[Compared]:
    """Dollars by cause beside the period before, the dearest first."""
    costs, earlier = _by_cause(now), _by_cause(before)
    rows = [
        _compared(code, costs.get(code), earlier.get(code))
        for code in dict.fromkeys([*costs, *earlier])
    ]
    return sorted(rows, key=lambda row: (row.value, row.before), reverse=True)


def worst_rows(
    now: Mapping[str, Caching], before: Mapping[str, Caching], misses: Iterable[Miss], label: str
) -> list[dict[str, Any]]:
    """Who pays most for prompts that do not come from the cache."""
    missed: dict[str, Decimal] = {}
    for miss in misses:
        missed[miss.name] = missed.get(miss.name, Decimal(0)) + (miss.cost_usd or 0)
    ranked = sorted(now, key=lambda name: now[name].unread_usd, reverse=True)
    return [
        {
            label: name,
            "Not from the cache": float(caching.unread_usd),
            "Hit share": _percent(caching.hit_share),
            "Hit share before": _percent(before.get(name, NO_CACHING).hit_share),
            "Net saved": float(caching.net_saved_usd),
            "Net saved before": float(before[name].net_saved_usd) if name in before else None,
            "Missed, as reported": float(missed[name]) if name in missed else None,
            "Written": caching.write_tokens,
            "Written for 1 h": _percent(caching.hour_share),
            "Calls": caching.calls,
        }
        for name in ranked
        for caching in [now[name]]
    ]


def reuse_rows(reuses: Iterable[Reuse]) -> list[dict[str, Any]]:
    """The prompts that were written again just after they had run out, with a verdict."""
    return [
        {
            "Service": reuse.service,
            "Feature": reuse.feature,
            "Model": reuse.model,
            "Late reuses": reuse.late_reuses,
            "Of all reuses": _percent(reuse.late_share),
            "Typical gap": _gap(reuse.late_median_gap_s),
            "Written again": float(reuse.rewritten_usd),
            "1-hour writes would save": float(reuse.saved_by_1h_usd),
            "Verdict": "Use 1-hour writes" if reuse.saved_by_1h_usd > 0 else "Keep 5 minutes",
        }
        for reuse in reuses
    ]


def _by_cause(misses: Iterable[Miss]) -> dict[str, tuple[Decimal | None, int]]:
    sums: dict[str, tuple[Decimal | None, int]] = {}
    for miss in misses:
        cost, calls = sums.get(miss.cause, (None, 0))
        if miss.cost_usd is not None:
            cost = (cost or Decimal(0)) + miss.cost_usd
        sums[miss.cause] = (cost, calls + miss.calls)
    return sums


def _compared(
    code: str, now: tuple[Decimal | None, int] | None, before: tuple[Decimal | None, int] | None
) -> Compared:
    (cost, calls), (earlier, calls_before) = now or (Decimal(0), 0), before or (Decimal(0), 0)
    known, known_before = cost or Decimal(0), earlier or Decimal(0)
    change = formats.relative(known, known_before) or ("new" if known else "")
    return Compared(
        f"{cause(code)} ({formats.quantity(calls)})",
        float(known),
        float(known_before),
        formats.money(cost),
        f"{formats.money(earlier)} in {formats.count(calls_before, 'call')}",
        change,
    )


def _gap(seconds: float | None) -> str:
    return formats.UNKNOWN if seconds is None else formats.duration(int(seconds * 1e9))


def _percent(share: float | None) -> float | None:
    return None if share is None else share * 100
