"""Spikes: what is far above the usual for its hour of the week fires, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest

from spanledger_collector.alerts.detect.series import HOUR
from spanledger_collector.alerts.detect.spike import judge
from tests.alerts.detect.support import calls, learned

NOON = 28 * 1440 + 12 * 60
"""The minute of Monday noon, in the fifth week."""


def test_usual_spend_does_not_fire() -> None:
    """Forty groups whose Monday is like the others are left alone."""
    spend = calls(groups=40)
    verdicts = judge(learned(spend), spend.recent(NOON))

    assert [verdict.fires for verdict in verdicts] == [False] * 40
    assert {verdict.reason for verdict in verdicts} == {"usual"}


@pytest.mark.parametrize(
    ("hours", "times", "reason"), [(1, 10, "spike_1h"), (6, 4, "spike_6h"), (24, 2.5, "spike_24h")]
)
def test_a_spike_fires_in_its_window(hours: int, times: float, reason: str) -> None:
    """As much in so many hours fires, and the verdict says what was expected."""
    spend = calls(groups=2)
    spend.usd[1, NOON - hours * 60 : NOON] *= times
    quiet, loud = judge(learned(spend), spend.recent(NOON))

    assert not quiet.fires
    assert loud.fires
    assert loud.observed > 1.5 * loud.expected
    assert loud.low < loud.expected < loud.high < loud.observed
    assert loud.window[1] == (spend.start_hour * 60 + NOON) * 60
    assert loud.severe is (times == 10)
    if times != 10:
        return
    assert loud.reason == reason
    assert loud.window[0] == loud.window[1] - HOUR


def test_a_young_group_is_left_to_caps_and_budgets() -> None:
    """With less than two weeks of spend nothing fires, however much it is."""
    spend = calls(groups=2)
    spend.usd[1, : 16 * 1440] = 0
    spend.usd[:, NOON - 60 : NOON] *= 10
    old, young = judge(learned(spend), spend.recent(NOON))

    assert old.fires
    assert (young.fires, young.reason, young.probability) == (False, "cold_start", None)


def test_what_is_not_known_is_neither_spend_nor_expectation() -> None:
    """Half an hour without ingest halves both; with most of a window missing nothing is said."""
    spend = calls()
    profile = learned(spend)
    whole = spend.recent(NOON, 60)
    half = whole._replace(usd=whole.usd.copy())
    half.usd[:, :29] = np.nan
    gone = whole._replace(usd=np.full_like(whole.usd, np.nan))

    (full,), (part,), (none,) = (judge(profile, recent) for recent in (whole, half, gone))

    assert part.expected == pytest.approx(full.expected * 31 / 60)
    assert not part.fires
    assert (none.fires, none.reason) == (False, "missing_hours")
