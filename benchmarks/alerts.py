"""Do spike alerts fire when they should, in time, and only then?

Scores our detector and simpler ones on eight weeks of spend with a known truth, in ten families of
noise (`alerts_traffic.py`). As by the default rules, an organisation and each of its five teams are
judged; an event is found when the organisation's series or that of the team that caused it fires.
Ours is judged every five minutes and learns anew each midnight from what did not fire; no dollar
floor, so that the figures hold at any price.

An episode ends after six quiet hours. A hit counts inside the event or up to two hours after it; an
episode without a hit is false, also one of a team that had no part in the event. The first day
after calls became half dearer or more for good counts neither way. Tuned on seeds from 101 on;
reported are others.

    python benchmarks/alerts.py                     ours, by family and rate
    python benchmarks/alerts.py --alone             the same without the teams
    python benchmarks/alerts.py --baselines         the others and ours, all families in one
    python benchmarks/alerts.py --curve             ours, more and less strict
    python benchmarks/alerts.py --loops --speed     runaway loops; a thousand series
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from operator import add
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from alerts_baselines import BASELINES, by_hour, rows
from alerts_traffic import (
    DAYS,
    DRIVERS,
    FAMILIES,
    MEAN_USD,
    PER_DAY,
    PER_HOUR,
    QUIET_DAYS,
    START_HOUR,
    STEP,
    STEPS,
    Event,
    Traffic,
    traffic,
)

from spanledger_collector.alerts.detect.drivers import Use, drivers
from spanledger_collector.alerts.detect.profile import fit
from spanledger_collector.alerts.detect.series import (
    HOUR,
    Doubles,
    Flags,
    Hourly,
    Interval,
    Ints,
    Recent,
)
from spanledger_collector.alerts.detect.spike import USUAL, Spike, by_step, judge, scan

Detectors = dict[str, Callable[[Traffic], Flags]]
T = TypeVar("T")
UTC = ZoneInfo("UTC")
QUIET, LATE = 6 * PER_HOUR, 2 * PER_HOUR
LONGEST_FREEZE = 7 * 24
WEEKS_JUDGED = (DAYS - QUIET_DAYS) / 7
NEVER = 10**9
NONE: Ints = np.zeros(0, np.int64)
SPIKE = USUAL._replace(floor_usd=0.0)
CURVE = (0.01, 0.1, 1.0, 10.0)


class Score(NamedTuple):
    """How a detector did; each a list to be added up."""

    found: list[bool]
    by_whole: list[bool]
    """Of those found, whether the organisation's own series told first or at the same time."""
    delays: list[float]
    lost: list[float]
    excess: list[float]
    named: list[bool]
    caused: list[bool]
    false: list[int]
    """Episodes of single series."""
    messages: list[int]
    """Episodes of an organisation, whichever of its series they are of."""
    weeks: list[float]
    """Of single series."""
    levels: list[bool]
    """New levels for good that were told within a day."""
    kinds: list[str]
    """Of the events, found or not."""

    def plus(self, other: Score) -> Score:
        """Both together."""
        return Score(*map(add, self, other))

    def __str__(self) -> str:
        delay = f"{np.median(self.delays):.1f} h" if self.delays else "-"
        whole, named, caused = (
            f"{np.mean(x):.2f}" if x else "-" for x in (self.by_whole, self.named, self.caused)
        )
        weeks = len(self.messages) * WEEKS_JUDGED
        return (
            f"{np.mean(self.found):.2f} | {sum(self.false) / sum(self.weeks):.3f} | "
            f"{sum(self.messages) / weeks:.2f} | {whole} | {delay} | "
            f"{sum(self.lost) / max(sum(self.excess), 1e-9):.2f} | {named} | {caused}"
        )


NOTHING = Score(*([] for _ in Score._fields))
HEAD = (
    "| | requests/h | recall | false / series-week | false / organisation-week | told by the whole "
    "| delay | lost | driver | cause |\n|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Score and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--organisations", type=int, default=16)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.7, 6, 120])
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--families", nargs="+", default=list(FAMILIES), choices=FAMILIES)
    parser.add_argument("--alone", action="store_true", help="without the teams")
    parser.add_argument("--loops", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.loops:
        loops(options.seeds)
    if options.speed:
        speed()
    if options.loops or options.speed:
        return
    detectors: Detectors = {"ours": ours}
    if options.baselines:
        detectors = BASELINES | detectors
    if options.curve:
        detectors = {f"limits x {times:g}": partial(ours, spike=_strict(times)) for times in CURVE}
    families(
        detectors,
        options.rates,
        options.organisations,
        options.seeds,
        options.families,
        options.alone,
    )


def _strict(times: float) -> Spike:
    """With every limit of probability so many times as high."""
    windows = tuple(w._replace(probability=times * w.probability) for w in SPIKE.windows)
    return SPIKE._replace(windows=windows)


def families(
    detectors: Detectors,
    rates: list[float],
    organisations: int,
    seeds: list[int],
    names: list[str],
    alone: bool,
) -> None:
    """One line a family, or one for all of them where several detectors are compared."""
    print(HEAD)
    pooled = len(detectors) > 1
    for rate in rates:
        whole = dict.fromkeys(detectors, NOTHING)
        for family in names:
            made = [traffic(family, rate, organisations, seed) for seed in seeds]
            for name, detector in detectors.items():
                one = NOTHING
                for spend in made:
                    judged = spend.alone() if alone else spend
                    one = one.plus(score(spend, detector(judged)))
                whole[name] = whole[name].plus(one)
                if not pooled:
                    print(f"| {family} | {rate:g} | {one} |", flush=True)
        for name, every in whole.items():
            print(f"| **{name}, all families** | {rate:g} | {every} |", flush=True)
            if not pooled:
                told = f"{np.mean(every.levels):.2f}" if every.levels else "-"
                print(f"  by event: {by_kind(every)}; new levels told: {told}")


def by_kind(one: Score) -> str:
    """The recall of each kind of event."""
    kinds, found = np.array(one.kinds), np.array(one.found)
    return ", ".join(f"{kind} {found[kinds == kind].mean():.2f}" for kind in np.unique(kinds))


def ours(spend: Traffic, spike: Spike = SPIKE) -> Flags:
    """Judge day by day; what fired is no example, for a week at most."""
    usd, calls, squares = (rows(table) for table in (spend.usd, spend.calls, spend.squares))
    hourly = usd.reshape(len(usd), -1, PER_HOUR).sum(2)
    counted = by_hour(calls)
    fires = np.zeros((len(usd), STEPS), bool)
    frozen = np.zeros(hourly.shape, bool)
    for day in range(QUIET_DAYS, DAYS):
        past = slice((day - 28) * 24, day * 24)
        history = Hourly(START_HOUR + past.start, hourly[:, past], counted[:, past])
        profile = fit(history, UTC, _intervals(_frozen(frozen)[:, past], history.start_hour))
        around = slice((day - 2) * PER_DAY, (day + 1) * PER_DAY)
        end = (START_HOUR + (day + 1) * 24) * HOUR
        recent = Recent(end, STEP, *(table[:, around] for table in (usd, squares, calls)))
        found = scan(profile, recent, spike, times=PER_DAY).fires
        fires[:, day * PER_DAY : (day + 1) * PER_DAY] = found.any(1)
        for number, window in enumerate(spike.windows):
            span = max(window.seconds // HOUR, 1)
            bad = found[:, number].reshape(len(hourly), 24, PER_HOUR).any(2)
            for row, hour in np.argwhere(bad):
                last = day * 24 + int(hour) + 1
                frozen[row, last - span : last] = True
    return fires.reshape(spend.usd.shape)


def _intervals(flags: Flags, start_hour: int) -> list[list[Interval]]:
    """What is flagged, as intervals in epoch seconds."""
    answer: list[list[Interval]] = []
    for row in flags:
        edges = np.flatnonzero(np.diff(row.astype(np.int8), prepend=0, append=0))
        begun, over = (HOUR * (start_hour + edges.reshape(-1, 2))).T.tolist()
        answer.append(list(zip(begun, over, strict=True)))
    return answer


def _frozen(flags: Flags) -> Flags:
    """The flags, but for what goes on for too long: that is the new usual."""
    count = np.cumsum(flags, axis=1)
    run: Ints = count - np.maximum.accumulate(np.where(flags, 0, count), axis=1)
    return flags & (run <= LONGEST_FREEZE)


def score(spend: Traffic, fires: Flags) -> Score:
    """Compare what fired with what happened."""
    into = Score(*([] for _ in Score._fields))
    for number, events in enumerate(spend.events):
        at = [np.flatnonzero(row) for row in fires[number]]
        at = [steps[steps >= QUIET_DAYS * PER_DAY] for steps in at]
        excess = np.nan_to_num(spend.excess[number])
        for event in events:
            first = [_first(at[row], event) for row in (0, event.driver + 1) if row < len(at)]
            step = min(first)
            into.kinds.append(event.kind)
            into.found.append(step < NEVER)
            into.excess.append(float(excess[event.begin : event.end].sum()))
            into.lost.append(float(excess[event.begin : min(step, event.end)].sum()))
            if step < NEVER:
                into.by_whole.append(first[0] == step)
                into.delays.append((step - event.begin) / PER_HOUR)
                named, caused = attribution(spend, number, event, step)
                into.named.append(named)
                into.caused.append(caused)
        level = spend.levels[number]
        if level is not None:
            into.levels.append(any(((s >= level) & (s < level + PER_DAY)).any() for s in at))
        false = [
            episode
            for row, steps in enumerate(at)
            for episode in _episodes(steps)
            if not _true(episode, [e for e in events if row in (0, e.driver + 1)], level)
        ]
        into.false.append(len(false))
        into.messages.append(len(_episodes(np.unique(np.concatenate(false or [NONE])))))
        into.weeks.append(len(at) * WEEKS_JUDGED)
    return into


def _first(at: Ints, event: Event) -> int:
    """The step after the first hit."""
    inside = at[(at >= event.begin) & (at < event.end + LATE)]
    return int(inside[0]) + 1 if len(inside) else NEVER


def _episodes(at: Ints) -> list[Ints]:
    return np.split(at, np.flatnonzero(np.diff(at) > QUIET) + 1) if len(at) else []


def _true(episode: Ints, events: list[Event], level: int | None) -> bool:
    """Whether it tells of an event, or begins within a day after a new level."""
    hit = any(_first(episode, event) < NEVER for event in events)
    return hit or (level is not None and level <= episode[0] < level + PER_DAY)


def attribution(spend: Traffic, number: int, event: Event, step: int) -> tuple[bool, bool]:
    """Are the team and the cause named by what is known at that step?

    The event so far, but a day at most, against the same time in the four weeks before.
    """
    last = min(step, event.end)
    first = max(event.begin, last - PER_DAY)
    after = _uses(spend, number, first, last)
    before = [use for week in (1, 2, 3, 4) for use in _uses(spend, number, first, last, week)]
    top = drivers(before, after, scale=0.25)[0]
    named = top.group == str(event.driver)
    return named, named and top.cause == event.cause


def _uses(spend: Traffic, number: int, first: int, last: int, weeks_ago: int = 0) -> list[Use]:
    steps = slice(first - 7 * PER_DAY * weeks_ago, last - 7 * PER_DAY * weeks_ago)
    usd, calls = (np.nansum(t[number, 1:, steps], axis=1) for t in (spend.usd, spend.calls))
    return [
        Use(str(n), "model", "anthropic", c, u, input_tokens=u / 3e-6, input_usd=u)
        for n, (u, c) in enumerate(zip(usd.tolist(), calls.tolist(), strict=True))
    ]


def loops(seeds: list[int]) -> None:
    """Start a loop of one team at some step of each working day, and look every five minutes."""
    print(
        "| a loop of | requests/h | in 5 min | in 10 min | in 15 min | in an hour | calls by then |"
    )
    print("|---|---|---|---|---|---|---|")
    for rate in (6.0, 20.0, 120.0):
        for name, times, per_second in (
            ("ten times the usual", 9.0, 0.0),
            ("a call each 2 s", 0.0, 0.5),
        ):
            late, calls = _loops(rate, times, per_second, seeds)
            shares = " | ".join(f"{np.mean(late <= minutes):.2f}" for minutes in (5, 10, 15, 60))
            print(f"| {name} | {rate:g} | {shares} | {np.median(calls):.0f} |", flush=True)


def _loops(
    rate: float, times: float, per_second: float, seeds: list[int]
) -> tuple[Doubles, Doubles]:
    """Minutes until one is caught in any series of its organisation, and its calls by then."""
    late: list[float] = []
    made: list[float] = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        spend = traffic("Poisson, gamma costs", rate, 16, seed)
        usd, squares, calls = (rows(t) for t in (spend.usd, spend.squares, spend.calls))
        whole = np.arange(0, len(usd), 1 + len(DRIVERS))
        for day in (21, 22, 23, 24, 25, 28, 29):  # working days before the first event
            hours = slice(0, day * 24)
            history = Hourly(START_HOUR, by_hour(usd)[:, hours], by_hour(calls)[:, hours])
            profile = fit(history, UTC)
            begin = day * PER_DAY + int(random.integers(9 * PER_HOUR, 18 * PER_HOUR))
            around = slice(begin - PER_DAY, begin + PER_HOUR)
            recent = Recent(
                START_HOUR * HOUR + (begin + PER_HOUR) * STEP,
                STEP,
                *(table[:, around].copy() for table in (usd, squares, calls)),
            )
            usual = by_step(_known(profile.calls).hourly, profile, recent)[whole, -PER_HOUR:]
            count: Ints = random.poisson(usual * times + per_second * STEP)
            cost: Doubles = random.gamma(0.8 * np.maximum(count, 1e-9), MEAN_USD / 0.8)
            team = whole + 1 + random.choice(len(DRIVERS), len(whole), p=DRIVERS)
            added = (cost, cost * MEAN_USD * 2.25, count.astype(np.float64))
            for table, more in zip((recent.usd, recent.squares, recent.calls), added, strict=True):
                _known(table)[whole, -PER_HOUR:] += more
                _known(table)[team, -PER_HOUR:] += more
            fires: Flags = scan(profile, recent, SPIKE, times=PER_HOUR).fires
            told = fires[whole].any(1) | fires[team].any(1)
            first = np.where(told.any(1), told.argmax(1), PER_HOUR)
            late.extend(5.0 * (first + 1))
            sums = np.cumsum(count, axis=1)
            made.extend(sums[np.arange(len(whole)), np.minimum(first, PER_HOUR - 1)])
    return np.array(late), np.array(made)


def _known(what: T | None) -> T:
    assert what is not None
    return what


def speed() -> None:
    """Learn and judge a thousand series, in processor time."""
    random = np.random.default_rng(1)
    usd = random.gamma(2.0, 0.5, (1000, 672))
    steps = random.gamma(2.0, 0.5 / PER_HOUR, (1000, PER_DAY))
    hourly = Hourly(START_HOUR, usd, usd)
    recent = Recent((START_HOUR + 672) * HOUR, STEP, steps, steps * MEAN_USD, steps / MEAN_USD)
    begin, cpu = time.perf_counter(), time.process_time()
    profile = fit(hourly, UTC)
    learned = time.process_time() - cpu
    verdicts = judge(profile, recent)
    judged = time.process_time() - cpu - learned
    wall = time.perf_counter() - begin
    print(f"{len(verdicts)} series: learned {learned:.2f} s, judged {judged:.2f} s of one core")
    print(f"by the clock {wall:.2f} s, {wall / 2:.2f} of the promised 2 s")


if __name__ == "__main__":
    main()
