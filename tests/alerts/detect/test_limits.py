"""Caps, unpriced calls, and shares that moved."""

from __future__ import annotations

import numpy as np
import pytest

from spanledger_collector.alerts.detect import cap, unpriced
from spanledger_collector.alerts.detect.ratio import Counts, collapse, lost_to_cache, surge
from spanledger_collector.alerts.detect.series import Doubles
from tests.alerts.detect.support import calls, learned

WINDOW = (0, 3600)


def of(*values: float) -> Doubles:
    return np.array(values, np.float64)


def test_a_cap_is_absolute() -> None:
    """Beyond the cap fires at once, at the cap does not."""
    under, at, over = cap.judge(of(1, 5, 5.01), 5.0, 900)

    assert [under.fires, at.fires, over.fires] == [False, False, True]
    assert (over.severe, over.reason, over.window) == (True, "cap", (600, 900))


def test_a_suggested_cap_is_out_of_usual_reach_and_within_that_of_a_loop() -> None:
    """Of 167,000 usual five minutes two reach it at most; ten times the busiest rate does."""
    spend = calls(groups=20)
    profile = learned(spend)
    caps = cap.suggested(profile, least_usd=0.01)
    fives = spend.usd.reshape(20, -1, 5).sum(2)
    loop = 10 * profile.hourly.max(1) / 12

    assert (fives > caps[:, None]).sum() <= 2
    assert (loop > caps).all()
    assert (cap.suggested(profile, least_usd=50) == 50).all()


def test_unpriced_calls_fire_from_the_first_on() -> None:
    """One call without a price fires; a model of which none has one is severe."""
    none, one, every = unpriced.judge(of(0, 1, 7), of(9, 9, 7), WINDOW)

    assert [none.fires, one.fires, every.fires] == [False, True, True]
    assert [one.severe, every.severe] == [False, True]
    assert every.observed == 7


@pytest.mark.parametrize(
    ("failed", "made", "reason"),
    [
        (2, 100, "usual"),
        (8, 100, "usual"),  # four times as many, but so few might be chance
        (25, 100, "failures_surge"),
        (5, 8, "few_calls"),
        (80, 1000, "usual"),  # surely above the usual, but not by enough
        (120, 1000, "failures_surge"),
    ],
)
def test_failures_surge(failed: float, made: float, reason: str) -> None:
    """Beyond three times the usual two per cent and five points more, for certain."""
    (verdict,) = surge(Counts(of(failed), of(made)), Counts(of(200), of(10_000)), WINDOW)

    assert verdict.reason == reason
    assert verdict.fires is (reason == "failures_surge")
    assert verdict.observed == pytest.approx(failed / made)
    assert verdict.low < 0.02 < verdict.high


def test_mostly_failing_is_severe() -> None:
    """When more than half of the calls fail for certain, one evaluation is enough."""
    (verdict,) = surge(Counts(of(95), of(100)), Counts(of(0), of(10_000)), WINDOW)

    assert verdict.severe


def test_usual_failures_do_not_surge() -> None:
    """Of 20,000 windows of calls that fail as usual not one fires."""
    random = np.random.default_rng(3)
    made = random.integers(20, 2000, 20_000).astype(np.float64)
    failed = random.binomial(made.astype(np.int64), 0.03).astype(np.float64)
    before = Counts(np.full(20_000, 300.0), np.full(20_000, 10_000.0))
    verdicts = surge(Counts(failed, made), before, WINDOW)

    assert not any(verdict.fires for verdict in verdicts)


def test_a_cache_collapses() -> None:
    """A share that falls to a tenth fires; half as much, few calls, or little money do not."""
    before = Counts(of(*[8e8] * 4), of(*[1e9] * 4))
    now = Counts(of(8e5, 5e6, 8e5, 8e5), of(*[1e7] * 4))
    lost = lost_to_cache(now, before, of(*[3e-6] * 4), of(*[3e-7] * 4))
    fell, half, few, cheap = collapse(
        now, before, of(400, 400, 12, 400), lost * of(1, 1, 1, 0.01), WINDOW
    )

    assert (fell.fires, fell.reason) == (True, "cache_collapse")
    assert fell.observed == pytest.approx(0.08)
    assert fell.expected == pytest.approx(0.8)
    assert lost[0] == pytest.approx((8e6 - 8e5) * 2.7e-6)
    assert (half.fires, few.fires, cheap.fires) == (False, False, False)
    assert few.reason == "few_calls"
