"""How much of a budget is spent, how fast it goes, and where the period will end."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from spanledger_collector.alerts.detect.profile import Profile
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Interval, Verdict
from spanledger_collector.alerts.detect.weeks import hours_of_week

__all__ = ["THRESHOLDS", "Progress", "judge", "progress"]

THRESHOLDS = (0.5, 0.8, 0.95, 1.0)

_DRIFT = 0.1
"""How far the level of the rest of a month strays from that of the last week, as a share."""

_EARLY = 0.02
"""The share of a period before which its own pace says nothing about its end."""


class Progress(NamedTuple):
    """Where one budget stands."""

    spent_usd: float
    amount_usd: float
    period: Interval
    now: int
    burn: float
    """1 is a pace that ends the period at the budget, 2 one that ends it half-way."""
    forecast_usd: float | None
    """At the period's end; none where too little is known."""
    low_usd: float | None
    high_usd: float | None
    """Nine of ten forecasts end in this range."""
    exhausted_at: int | None
    """The epoch second at which it is spent, if that is before the period's end."""
    hour_burn: float = 0.0
    """The pace of the last hour, likewise; 0 where nobody asks for it."""

    @property
    def share(self) -> float:
        """Of the budget, that is spent."""
        return self.spent_usd / self.amount_usd


def progress(
    spent_usd: Doubles, amount_usd: float | Doubles, period: Interval, now: int, profile: Profile
) -> list[Progress]:
    """Say of each group where its budget stands.

    What is still to come is what the profile expects of each remaining hour. A group too young
    for a profile is expected to go on as it has in this period.

    Args:
        spent_usd: since the period's beginning.
        amount_usd: the budget for the period.
        period: from its first epoch second until before its last.
        now: the epoch second up to which `spent_usd` counts.
        profile: of the same groups.
    """
    mean, variance = _rest(profile, now, period[1])
    amounts = np.broadcast_to(amount_usd, np.shape(spent_usd))
    return [
        _progress(float(spent), float(amount), period, now, rest)
        for spent, amount, rest in zip(
            spent_usd,
            amounts,
            _chosen(profile, spent_usd, period, now, mean, variance),
            strict=True,
        )
    ]


def judge(
    states: list[Progress],
    thresholds: tuple[float, ...] = THRESHOLDS,
    *,
    forecast: bool = True,
    burn: float | None = None,
) -> list[Verdict]:
    """Fire where a threshold is passed, or where the budget will not last.

    The highest threshold passed speaks, so that a rise to the next is another reason. The forecast
    fires when even its low end is beyond the budget; the burn rate when an hour went at so many
    times an even pace.
    """
    return [_verdict(state, thresholds, forecast, burn) for state in states]


class _Rest(NamedTuple):
    usd: Doubles
    """By remaining hour."""
    variance: float


def _rest(profile: Profile, now: int, end: int) -> tuple[Doubles, Doubles]:
    first, last = now // HOUR, -(-end // HOUR)
    week = hours_of_week(first, max(last - first, 0), profile.zone)
    hours = np.arange(first, max(last, first))
    share = np.clip(
        (np.minimum((hours + 1) * HOUR, end) - np.maximum(hours * HOUR, now)) / HOUR, 0, 1
    )
    level = profile.level[:, None]
    mean = profile.hourly[:, week] * level * share
    rough = (profile.rough[:, week] * level * share).sum(1) * profile.swell[:, -1]
    total = mean.sum(1)
    days = np.maximum((end - now) / (24 * HOUR), 1.0)
    return mean, rough + total**2 * (profile.spread**2 / days + _DRIFT**2)


def _chosen(
    profile: Profile, spent: Doubles, period: Interval, now: int, mean: Doubles, variance: Doubles
) -> list[_Rest | None]:
    passed = (now - period[0]) / (period[1] - period[0])
    rests: list[_Rest | None] = []
    for row, usd in enumerate(spent):
        if profile.days[row] >= 14:
            rests.append(_Rest(mean[row], float(variance[row])))
        elif passed >= _EARLY:
            hours = max(mean.shape[1], 1)
            rest = float(usd) * (1 - passed) / passed
            rests.append(_Rest(np.full(hours, rest / hours), (0.5 * rest) ** 2))
        else:
            rests.append(None)
    return rests


def _progress(
    spent: float, amount: float, period: Interval, now: int, rest: _Rest | None
) -> Progress:
    passed = max((now - period[0]) / (period[1] - period[0]), 1e-9)
    burn = spent / amount / passed
    if rest is None:
        return Progress(spent, amount, period, now, burn, None, None, None, None)
    total = float(rest.usd.sum())
    low, high = _range(total, rest.variance)
    gone = np.flatnonzero(spent + np.cumsum(rest.usd) >= amount)
    until = min((now // HOUR + int(gone[0]) + 1) * HOUR, period[1]) if len(gone) else None
    return Progress(
        spent,
        amount,
        period,
        now,
        burn,
        spent + total,
        spent + low,
        spent + high,
        now if spent >= amount else until,
    )


def _range(mean: float, variance: float) -> tuple[float, float]:
    if mean <= 0 or variance <= 0:
        return mean, mean
    shape, scale = mean**2 / variance, variance / mean
    return float(gammaincinv(shape, 0.05)) * scale, float(gammaincinv(shape, 0.95)) * scale


def _verdict(
    state: Progress, thresholds: tuple[float, ...], forecast: bool, burn: float | None
) -> Verdict:
    passed = [threshold for threshold in thresholds if state.share >= threshold]
    beyond = forecast and state.low_usd is not None and state.low_usd > state.amount_usd
    burns = burn is not None and state.hour_burn >= burn
    if burns:
        reason = "budget_burn"
    elif passed:
        reason = f"budget_{round(max(passed) * 100)}"
    elif beyond:
        reason = "budget_forecast"
    else:
        reason = "within_budget"
    expected = (
        state.amount_usd * (state.now - state.period[0]) / (state.period[1] - state.period[0])
    )
    return Verdict(
        fires=bool(passed) or beyond or burns,
        severe=state.share >= 1,
        observed=state.spent_usd,
        expected=expected,
        low=0.0,
        high=state.amount_usd,
        window=(state.period[0], state.now),
        probability=None,
        reason=reason,
    )
