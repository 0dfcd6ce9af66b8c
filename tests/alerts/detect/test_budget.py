"""Budgets: thresholds, pace, and a forecast that knows which hours are still to come."""

from __future__ import annotations

import numpy as np
import pytest

from spanledger_collector.alerts.detect.budget import judge, progress
from spanledger_collector.alerts.detect.series import HOUR
from tests.alerts.detect.support import MONDAY, calls, learned

MONTH = (MONDAY * HOUR, (MONDAY + 30 * 24) * HOUR)
NOW = (MONDAY + 28 * 24) * HOUR


def test_the_forecast_is_near_what_comes() -> None:
    """Of forty groups forecast nine days ahead, most end in the range, and the mean is close."""
    spend = calls(groups=40, days=37)
    now = 28 * 1440
    period = (MONDAY * HOUR, (MONDAY + 37 * 24) * HOUR)
    states = progress(spend.usd[:, :now].sum(1), 1e6, period, NOW, learned(spend))
    truth = spend.usd.sum(1)

    inside = [
        state.low_usd is not None
        and state.high_usd is not None
        and state.low_usd <= true <= state.high_usd
        for state, true in zip(states, truth, strict=True)
    ]
    assert sum(inside) >= 34
    assert np.mean([state.forecast_usd for state in states]) == pytest.approx(
        truth.mean(), rel=0.03
    )


@pytest.mark.parametrize(
    ("spent", "reason", "severe"),
    [
        (10.0, "within_budget", False),
        (50.0, "budget_50", False),
        (80.0, "budget_80", False),
        (96.0, "budget_95", False),
        (100.0, "budget_100", True),
        (250.0, "budget_100", True),
    ],
)
def test_the_highest_threshold_passed_speaks(spent: float, reason: str, severe: bool) -> None:
    """So that the step to the next threshold is told as another reason."""
    spend = calls(usd=1e-9)
    states = progress(np.array([spent]), 100.0, MONTH, NOW, learned(spend))
    (verdict,) = judge(states)

    assert (verdict.reason, verdict.severe) == (reason, severe)
    assert verdict.fires is (reason != "within_budget")
    assert verdict.expected == pytest.approx(100 * 28 / 30)


def test_a_forecast_beyond_the_budget_fires_before_a_threshold() -> None:
    """Two days before the end, 40 % spent and three times the budget to come."""
    spend = calls()
    profile = learned(spend)
    rest = float((profile.hourly[0] * profile.level[0]).sum()) * 2 / 7
    state = progress(np.array([0.4]) * rest / 3, rest / 3, MONTH, NOW, profile)
    (verdict,), (calm,) = judge(state), judge(state, forecast=False)

    assert (verdict.fires, verdict.reason) == (True, "budget_forecast")
    assert (calm.fires, calm.reason) == (False, "within_budget")
    assert state[0].exhausted_at is not None
    assert NOW < state[0].exhausted_at < MONTH[1]


def test_a_young_group_goes_on_as_it_has() -> None:
    """Without a profile the period's own pace is the forecast, and burn 2 means half-way."""
    spend = calls(days=3)
    profile = learned(spend, days=3)
    (state,) = progress(np.array([20.0]), 100.0, (0, 100 * HOUR), 10 * HOUR, profile)
    (early,) = progress(np.array([20.0]), 100.0, (0, 100 * HOUR), HOUR, profile)

    assert state.burn == pytest.approx(2.0)
    assert state.forecast_usd == pytest.approx(200.0)
    assert state.exhausted_at == 50 * HOUR
    assert early.forecast_usd is None
