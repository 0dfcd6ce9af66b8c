"""Spikes in time: planned work, holidays, clocks that change, new levels, and what holds always."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spanledger_collector.alerts.detect.profile import Profile, fit
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Hourly, Recent
from spanledger_collector.alerts.detect.spike import USUAL, judge, scan
from spanledger_collector.alerts.detect.weeks import hours_of_week
from tests.alerts.detect.support import BERLIN, MONDAY, UTC, calls, learned

WEEKS = 28 * 24
LOOSE = USUAL._replace(floor_usd=0.0)


def flat(usd: float, hours: int = WEEKS) -> Hourly:
    """The same spend each hour, in calls of a cent."""
    table = np.full((1, hours), usd)
    return Hourly(MONDAY, table, table * 100, table / 100)


def now(usd: Doubles, hour: int = WEEKS) -> Recent:
    """Steps of five minutes up to an hour of the history's clock."""
    return Recent((MONDAY + hour) * HOUR, 300, usd)


def test_hours_follow_the_local_clock() -> None:
    """Monday at nine in Berlin is the same hour of the week in winter and in summer."""
    winter = int(datetime(2026, 3, 23, 9, tzinfo=BERLIN).timestamp()) // HOUR
    summer = int(datetime(2026, 3, 30, 9, tzinfo=BERLIN).timestamp()) // HOUR

    assert summer - winter == 167
    assert hours_of_week(winter, 1, BERLIN)[0] == 9
    assert hours_of_week(summer, 1, BERLIN)[0] == 9
    night = hours_of_week(summer - 32, 4, BERLIN)
    assert night.tolist() == [144, 145, 147, 148]  # Sunday: midnight, one, three, four


def test_what_was_planned_or_fired_is_no_example() -> None:
    """A week at ten times as much, if excluded, leaves the profile as it would be without."""
    spend = calls()
    loud = spend._replace(usd=spend.usd.copy())
    loud.usd[:, 7 * 1440 : 10 * 1440] *= 10
    begin = spend.start_hour * HOUR
    out = [[(begin + 7 * 86400, begin + 10 * 86400)]]
    plain, ignored = (fit(one.hourly(WEEKS), UTC, out) for one in (spend, loud))

    assert ignored.hourly == pytest.approx(plain.hourly)
    assert fit(loud.hourly(WEEKS), UTC).hourly.sum() != pytest.approx(plain.hourly.sum(), rel=0.02)


def test_holidays_do_not_make_a_working_day_a_spike() -> None:
    """After four days with a tenth of the traffic, a usual Monday is usual."""
    spend = calls(groups=20, seed=4)
    spend.usd[:, 24 * 1440 : 28 * 1440] *= 0.1
    profile = learned(spend)
    fired = [
        sum(verdict.fires for verdict in judge(profile, spend.recent(28 * 1440 + hour * 60)))
        for hour in (8, 12, 16, 20)
    ]

    assert sum(fired) == 0


def test_a_new_level_is_learned_in_days() -> None:
    """Twice the spend fires on the first day; after three it is expected, though it fired."""
    spend = calls(days=33)
    spend.usd[:, 28 * 1440 :] *= 2
    hourly = spend.hourly(31 * 24)
    later = Hourly(MONDAY + 3 * 24, *(table[:, 3 * 24 :] for table in hourly[1:3]))
    out = [[((MONDAY + WEEKS) * HOUR, (MONDAY + 31 * 24) * HOUR)]]
    (first,) = judge(learned(spend), spend.recent(28 * 1440 + 20 * 60))
    (fourth,) = judge(fit(later, UTC, out), spend.recent(31 * 1440 + 20 * 60))

    assert first.fires
    assert not fourth.fires
    assert fourth.expected == pytest.approx(fourth.observed, rel=0.35)


def test_calls_speak_where_their_costs_vary_wildly() -> None:
    """Eight times the calls fire by their number where dollars alone could be chance."""
    random = np.random.default_rng(3)
    count = random.poisson(3.0, (1, WEEKS)).astype(np.float64)
    usd = np.array([[random.pareto(1.3, int(n)).sum() / 10 for n in count[0]]])
    profile = fit(Hourly(MONDAY, usd, count), UTC)
    steps = np.full((1, 300), usd.mean() / 12)
    steps[:, -12:] *= 4
    many = np.full((1, 300), 0.25)
    many[:, -12:] *= 8

    assert not judge(profile, now(steps), LOOSE)[0].fires
    assert judge(profile, now(steps)._replace(calls=many), LOOSE)[0].fires
    assert not judge(profile, now(steps / 4)._replace(calls=many), LOOSE)[0].fires


def test_of_a_few_calls_nothing_is_said() -> None:
    """Who called ten times in four weeks is left to caps and budgets; fifty times are enough."""
    usd, steps = np.zeros((2, WEEKS)), np.zeros((2, 300))
    usd[0, ::67], usd[1, ::13] = 0.05, 0.05
    steps[:, -12:] = 0.5
    profile = fit(Hourly(MONDAY, usd, usd * 20), UTC)
    few, more = judge(profile, now(steps)._replace(calls=steps * 20), LOOSE)

    assert (few.fires, few.reason, few.probability) == (False, "too_few", None)
    assert more.fires


def test_what_comes_in_sessions_is_judged_by_sessions() -> None:
    """One more session of thirty calls, at whatever hour, is usual for who has one a day."""
    random = np.random.default_rng(5)
    count = np.zeros((1, WEEKS))
    begun = random.choice(WEEKS, 28, replace=False)
    count[0, begun] = 6 + random.geometric(1 / 24, 28)
    profile = fit(Hourly(MONDAY, count * 0.05, count), UTC)
    fired = 0
    for hour in range(24):
        steps = np.zeros((1, 300))
        steps[:, -6:] = 5
        recent = now(steps * 0.05, WEEKS + hour)._replace(calls=steps)
        fired += judge(profile, recent, LOOSE)[0].fires

    assert fired == 0


def test_late_calls_only_raise_what_is_judged() -> None:
    """A window judged again when calls came late is never less improbable."""
    spend = calls()
    profile = learned(spend)
    full = spend.recent(28 * 1440 + 720)
    early = full._replace(usd=np.where(np.arange(1440) % 3 == 0, 0.0, full.usd))
    before, after = scan(profile, early, LOOSE), scan(profile, full, LOOSE)

    assert (after.probability <= before.probability).all()
    assert (after.expected == before.expected).all()


def test_one_dear_call_is_no_spike() -> None:
    """Ten dollars in one call do not fire where the costs of calls are known; in 200 they do."""
    profile = fit(flat(1.0), UTC)
    usd = np.full((1, 300), 1 / 12)
    usd[:, -3:] += 10 / 3
    one = now(usd)._replace(squares=usd / 100 + np.where(np.arange(300) >= 297, 30.0, 0.0))
    many = now(usd)._replace(squares=usd / 100)

    assert not judge(profile, one, LOOSE)[0].fires
    assert judge(profile, many, LOOSE)[0].fires


def test_a_loop_is_seen_within_five_minutes() -> None:
    """Ten times the usual of a steady group for one step of five minutes: severe at once."""
    profile = fit(flat(6.0), UTC)
    usd = np.full((1, 300), 0.5)
    usd[:, -1] = 5.0
    (verdict,) = judge(profile, now(usd), LOOSE)

    assert (verdict.fires, verdict.severe, verdict.reason) == (True, True, "spike_10m")


def test_what_is_over_does_not_fire_again() -> None:
    """Ten hours after three hours at six times as much, the day's sum is high and told already."""
    profile = fit(flat(1.0), UTC)
    usd = np.full((1, 300), 1 / 12)
    usd[:, -13 * 12 : -10 * 12] *= 6
    found = scan(profile, now(usd), LOOSE)

    assert found.observed[0, -1, 0] > 1.5 * found.expected[0, -1, 0]
    assert not found.fires.any()


def test_what_a_shorter_window_told_is_not_told_by_a_longer() -> None:
    """Nor when the hours after it are a little above the usual."""
    profile = fit(flat(1.0), UTC)
    usd = np.full((1, 300), 1 / 12)
    usd[:, -11 * 12 : -8 * 12] *= 12
    usd[:, -6 * 12 :] *= 1.5
    twice = LOOSE._replace(rest_probability=1.0)

    assert not scan(profile, now(usd), LOOSE).fires.any()
    assert scan(profile, now(usd), twice).fires.any()


@given(st.floats(1e-4, 1e4), st.integers(0, 2**32 - 1))
def test_the_unit_does_not_matter(factor: float, seed: int) -> None:
    """Spend in other units gives the same probabilities, and what fires still does."""
    random = np.random.default_rng(seed)
    usd = random.gamma(2.0, 1.0, (2, WEEKS))
    steps = random.gamma(0.5, 0.4, (2, 300)) * [[1.0], [3.0]]

    def found(by: float) -> tuple[Doubles, list[bool]]:
        profile = fit(Hourly(MONDAY, usd * by, usd * 9), UTC)
        result = scan(profile, now(steps * by), LOOSE)
        return result.probability, result.fires.ravel().tolist()

    plain, scaled = found(1.0), found(factor)
    assert scaled[0] == pytest.approx(plain[0], rel=1e-6, abs=1e-300)
    assert scaled[1] == plain[1]


@given(st.floats(0, 1e6), st.integers(0, 3 * WEEKS))
def test_constant_spend_never_fires(usd: float, hour: int) -> None:
    """However much it is, and at whatever time it is looked at."""
    steps = np.full((1, 300), usd / 12)

    assert not scan(fit(flat(usd), UTC), now(steps, hour), LOOSE, times=10).fires.any()


PROFILE: Profile = fit(calls().hourly(WEEKS), UTC)


@given(st.lists(st.floats(0, 5), min_size=300, max_size=300), st.floats(1, 20))
def test_more_spend_is_never_less_improbable(steps: list[float], times: float) -> None:
    """The probability falls with what was spent in any window."""
    usd = np.array([steps])
    less, more = (scan(PROFILE, now(table), LOOSE).probability for table in (usd, usd * times))

    assert (more <= less + 1e-12).all()
