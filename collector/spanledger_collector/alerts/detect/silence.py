"""No calls: has the traffic stopped, or only the telemetry?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from spanledger_collector.alerts.detect.profile import Profile
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Hourly, Verdict
from spanledger_collector.alerts.detect.weeks import hours_of_week

__all__ = ["SILENCE", "Silence", "calls_of", "judge"]

_LOOK_BACK = 72


class Silence(NamedTuple):
    """When silence is too long."""

    probability: float = 1e-4
    """That a gap as long comes by itself at this time of the week."""
    min_seconds: int = 900
    lag_seconds: int = 120
    """How long a call may be on its way."""
    min_days: float = 14.0


SILENCE = Silence()


def calls_of(history: Hourly) -> Hourly:
    """The same history with calls for dollars: what `fit` makes of it is a profile of traffic."""
    return history._replace(usd=history.calls, squares=history.calls)


def judge(
    profile: Profile, last_call: Doubles, last_ingest: int, now: int, rule: Silence = SILENCE
) -> list[Verdict]:
    """Say of each group whether it has been quiet for longer than it ever is.

    While anything at all arrives, a quiet group has no traffic. When nothing does, not even the
    heartbeat, nobody knows, and every group that should have been heard says so.

    Args:
        profile: of calls, by `fit(calls_of(history), zone)`.
        last_call: the epoch second of each group's last call.
        last_ingest: the epoch second of the last request of any kind that was accepted.
        now: the epoch second up to which is judged.
        rule: when silence is too long.
    """
    until = now - rule.lag_seconds
    missed, none = _missed(profile, np.asarray(last_call, np.float64), until)
    stopped = now - last_ingest > max(rule.min_seconds, rule.lag_seconds)
    return [
        _verdict(profile.days[row], missed[row], none[row], int(last_call[row]), stopped, now, rule)
        for row in range(len(missed))
    ]


def _missed(profile: Profile, since: Doubles, until: int) -> tuple[Doubles, Doubles]:
    """The calls that should have come since then, and the probability that none does."""
    hours = np.arange(until // HOUR - _LOOK_BACK, until // HOUR + 1)
    week = hours_of_week(int(hours[0]), len(hours), profile.zone)
    begun = np.maximum(hours * HOUR, since[:, None])
    share = np.clip((np.minimum((hours + 1) * HOUR, until) - begun) / HOUR, 0, 1)
    level = profile.level[:, None]
    mean = np.maximum((profile.hourly[:, week] * level * share).sum(1), 1e-12)
    rough = (profile.rough[:, week] * level * share).sum(1)
    variance = profile.swell[:, 0] * (rough + (profile.spread * mean) ** 2)
    more = np.maximum(variance / mean, 1 + 1e-6)  # a negative binomial has more than Poisson's
    return mean, more ** (-mean / (more - 1))


def _verdict(
    days: float, missed: float, none: float, since: int, stopped: bool, now: int, rule: Silence
) -> Verdict:
    known = days >= rule.min_days
    fires = bool(known and none < rule.probability and now - since >= rule.min_seconds)
    if not known:
        reason = "cold_start"
    elif fires:
        reason = "ingest_stopped" if stopped else "no_traffic"
    else:
        reason = "usual"
    return Verdict(
        fires=fires,
        severe=fires and stopped,
        observed=0.0,
        expected=float(missed),
        low=0.0,
        high=float(missed),
        window=(since, now),
        probability=float(none) if known else None,
        reason=reason,
    )
