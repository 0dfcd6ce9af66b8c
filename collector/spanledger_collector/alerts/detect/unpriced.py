"""Calls that nobody can price: their spend is missing from every sum and from every other alert."""

from __future__ import annotations

from spanledger_collector.alerts.detect.series import Doubles, Interval, Verdict

__all__ = ["judge"]


def judge(
    unpriced: Doubles, calls: Doubles, window: Interval, min_calls: float = 1.0
) -> list[Verdict]:
    """Say of each group, as a rule a model, whether calls of it have no price.

    Args:
        unpriced: calls without a price.
        calls: all calls.
        window: in which they were made.
        min_calls: so many of them are worth a message.
    """
    return [
        Verdict(
            fires=bool(missing >= min_calls),
            severe=bool(missing >= min_calls and missing == every),
            observed=float(missing),
            expected=0.0,
            low=0.0,
            high=0.0,
            window=window,
            probability=None,
            reason="unpriced" if missing >= min_calls else "usual",
        )
        for missing, every in zip(unpriced, calls, strict=True)
    ]
