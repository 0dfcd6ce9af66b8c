"""Silence: no traffic is one thing, no telemetry another, and a quiet night neither."""

from __future__ import annotations

import numpy as np
import pytest

from spanledger_collector.alerts.detect.profile import fit
from spanledger_collector.alerts.detect.series import HOUR
from spanledger_collector.alerts.detect.silence import calls_of, judge
from tests.alerts.detect.support import MONDAY, UTC, calls

NOON = (MONDAY + 28 * 24 + 12) * HOUR


@pytest.mark.parametrize(
    ("quiet", "heard", "reason"),
    [
        (1800, 10, "no_traffic"),
        (1800, 1800, "ingest_stopped"),
        (300, 10, "usual"),
    ],
)
def test_silence_at_noon(quiet: int, heard: int, reason: str) -> None:
    """Half an hour without one of 240 calls an hour; five minutes may pass."""
    profile = fit(calls_of(calls(groups=2).hourly(28 * 24)), UTC)
    verdicts = judge(profile, np.full(2, NOON - quiet, np.float64), NOON - heard, NOON)

    assert [verdict.reason for verdict in verdicts] == [reason] * 2
    assert verdicts[0].fires is (reason != "usual")
    assert verdicts[0].severe is (reason == "ingest_stopped")
    assert verdicts[0].window == (NOON - quiet, NOON)


def test_a_quiet_group_may_be_quiet() -> None:
    """With a call every other hour, half a day of silence is nothing; three days are."""
    profile = fit(calls_of(calls(per_hour=0.5).hourly(28 * 24)), UTC)
    (short,) = judge(profile, np.array([NOON - 8 * HOUR]), NOON, NOON)
    (long,) = judge(profile, np.array([NOON - 80 * HOUR]), NOON, NOON)

    assert not short.fires
    assert long.fires


def test_a_young_group_is_not_missed() -> None:
    """Who has called for a week only may stay away."""
    profile = fit(calls_of(calls(days=7).hourly(7 * 24)), UTC)
    (verdict,) = judge(profile, np.array([NOON - 7 * HOUR]), NOON, NOON)

    assert (verdict.fires, verdict.reason) == (False, "cold_start")
