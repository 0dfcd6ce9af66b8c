"""Do spike alerts fire when they should, in time, and only then?

Scores our detector and simpler ones on eight weeks of spend with a known truth, in ten families of
noise (`alerts_traffic.py`). Ours is judged every five minutes and learns anew each midnight from
what did not fire; no dollar floor, so that the figures hold at any price.

An episode ends after six quiet hours. A hit counts inside the event or up to two hours after it; an
episode without a hit is false. Tuned on seeds from 101 on; reported are others.

    python benchmarks/alerts.py                     ours, by family and rate
    python benchmarks/alerts.py --baselines         the others, all families in one
    python benchmarks/alerts.py --loops --speed     runaway loops; a thousand series
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from alerts_baselines import BASELINES, by_hour
from alerts_traffic import (
    DAYS,
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

from spanledger_collector.alerts.detect import cap
from spanledger_collector.alerts.detect.drivers import Use, drivers
from spanledger_collector.alerts.detect.profile import fit
from spanledger_collector.alerts.detect.series import HOUR, Doubles, Flags, Hourly, Ints, Recent
from spanledger_collector.alerts.detect.spike import USUAL, judge, scan

Detectors = dict[str, Callable[[Traffic], Flags]]
UTC = ZoneInfo("UTC")
QUIET, LATE = 6 * PER_HOUR, 2 * PER_HOUR
LONGEST_FREEZE = 7 * 24
SPIKE = USUAL._replace(floor_usd=0.0)


class Score(NamedTuple):
    """How a detector did; each a list to be added up."""

    found: list[bool]
    delays: list[float]
    lost: list[float]
    excess: list[float]
    named: list[bool]
    caused: list[bool]
    false: list[int]
    weeks: list[float]

    def plus(self, other: Score) -> Score:
        """Both together."""
        return Score(
            self.found + other.found,
            self.delays + other.delays,
            self.lost + other.lost,
            self.excess + other.excess,
            self.named + other.named,
            self.caused + other.caused,
            self.false + other.false,
            self.weeks + other.weeks,
        )

    def __str__(self) -> str:
        delay = f"{np.median(self.delays):.1f} h" if self.delays else "-"
        named, caused = (f"{np.mean(x):.2f}" if x else "-" for x in (self.named, self.caused))
        return (
            f"{np.mean(self.found):.2f} | {sum(self.false) / sum(self.weeks):.3f} | {delay} | "
            f"{sum(self.lost) / max(sum(self.excess), 1e-9):.2f} | {named} | {caused}"
        )


def main() -> None:
    """Score and print tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--series", type=int, default=16)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[0.7, 6, 120])
    parser.add_argument("--baselines", action="store_true")
    parser.add_argument("--loops", action="store_true")
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    if options.loops:
        loops(options.seeds)
    if options.speed:
        speed()
    if not (options.loops or options.speed):
        detectors: Detectors = BASELINES if options.baselines else {"ours": ours}
        families(detectors, options.rates, options.series, options.seeds, options.baselines)


def families(
    detectors: Detectors,
    rates: list[float],
    series: int,
    seeds: list[int],
    pooled: bool,
) -> None:
    """One line a family, or one for all of them."""
    print("| | requests/h | recall | false / series-week | delay | lost | driver | cause |")
    print("|---|---|---|---|---|---|---|---|")
    for rate in rates:
        whole = {name: Score(*([] for _ in Score._fields)) for name in detectors}
        for family in FAMILIES:
            made = [traffic(family, rate, series, seed) for seed in seeds]
            for name, detector in detectors.items():
                one = Score(*([] for _ in Score._fields))
                for spend in made:
                    score(spend, detector(spend), one)
                whole[name] = whole[name].plus(one)
                if not pooled:
                    print(f"| {family} | {rate:g} | {one} |", flush=True)
        for name, every in whole.items():
            print(f"| **{name}, all families** | {rate:g} | {every} |", flush=True)


def ours(spend: Traffic) -> Flags:
    """Judge day by day; what fired is no example, for a week at most."""
    hourly = spend.usd.reshape(len(spend.usd), -1, PER_HOUR).sum(2)
    calls = by_hour(spend.calls)
    fires = np.zeros((len(hourly), STEPS), bool)
    frozen = np.zeros(hourly.shape, bool)
    for day in range(QUIET_DAYS, DAYS):
        past = slice((day - 28) * 24, day * 24)
        usd = np.where(_frozen(frozen)[:, past], np.nan, hourly[:, past])
        profile = fit(Hourly(START_HOUR + past.start, usd, calls[:, past]), UTC)
        around = slice((day - 2) * PER_DAY, (day + 1) * PER_DAY)
        end = (START_HOUR + (day + 1) * 24) * HOUR
        recent = Recent(end, STEP, spend.usd[:, around], spend.squares[:, around])
        found = scan(profile, recent, SPIKE, times=PER_DAY).fires
        fires[:, day * PER_DAY : (day + 1) * PER_DAY] = found.any(1)
        for number, window in enumerate(SPIKE.windows):
            span = max(window.seconds // HOUR, 1)
            bad = found[:, number].reshape(len(hourly), 24, PER_HOUR).any(2)
            for row, hour in np.argwhere(bad):
                last = day * 24 + int(hour) + 1
                frozen[row, last - span : last] = True
    return fires


def _frozen(flags: Flags) -> Flags:
    """The flags, but for what goes on for too long: that is the new usual."""
    count = np.cumsum(flags, axis=1)
    run: Ints = count - np.maximum.accumulate(np.where(flags, 0, count), axis=1)
    return flags & (run <= LONGEST_FREEZE)


def score(spend: Traffic, fires: Flags, into: Score) -> None:
    """Compare what fired with what happened."""
    for row, events in enumerate(spend.events):
        at = np.flatnonzero(fires[row, QUIET_DAYS * PER_DAY :]) + QUIET_DAYS * PER_DAY
        hit = np.zeros(len(at), bool)
        excess = np.nan_to_num(spend.excess[row])
        for event in events:
            inside = (at >= event.begin) & (at < event.end + LATE)
            hit |= inside
            into.found.append(bool(inside.any()))
            into.excess.append(float(excess[event.begin : event.end].sum()))
            first = int(at[inside][0]) + 1 if inside.any() else event.end
            into.lost.append(float(excess[event.begin : min(first, event.end)].sum()))
            if inside.any():
                into.delays.append((first - event.begin) / PER_HOUR)
                named, caused = attribution(spend, row, event, first)
                into.named.append(named)
                into.caused.append(caused)
        breaks = np.flatnonzero(np.diff(at) > QUIET) + 1
        episodes = np.split(hit, breaks) if len(at) else []
        into.false.append(sum(not episode.any() for episode in episodes))
        into.weeks.append((DAYS - QUIET_DAYS) / 7)


def attribution(spend: Traffic, row: int, event: Event, step: int) -> tuple[bool, bool]:
    """Are the team and the cause named by what is known at that step?

    The event's hours so far, against the same hours of the four weeks before.
    """
    last = min(-(-step // PER_HOUR), -(-event.end // PER_HOUR))
    first = min(max(event.begin // PER_HOUR, last - 24), last - 1)
    after = _uses(spend, row, first, last)
    before = [use for week in (1, 2, 3, 4) for use in _uses(spend, row, first, last, week)]
    top = drivers(before, after, scale=0.25)[0]
    named = top.group == str(event.driver)
    return named, named and top.cause == event.cause


def _uses(spend: Traffic, row: int, first: int, last: int, weeks_ago: int = 0) -> list[Use]:
    hours = slice(first - 168 * weeks_ago, last - 168 * weeks_ago)
    sums = spend.by_driver[row, :, hours].sum(1)
    return [
        Use(str(n), "model", "anthropic", calls, usd, input_tokens=usd / 3e-6, input_usd=usd)
        for n, (usd, calls) in enumerate(sums.tolist())
    ]


def loops(seeds: list[int]) -> None:
    """Start a loop at some step of each working day, and look again every five minutes."""
    print("| a loop of | requests/h | caught in 5 min | in 10 min | in 15 min | spent by then |")
    print("|---|---|---|---|---|---|")
    for rate in (6.0, 120.0):
        for name, times, per_second in (
            ("ten times the usual", 9.0, 0.0),
            ("a call each 2 s", 0.0, 0.5),
        ):
            late, usd = _loops(rate, times, per_second, seeds)
            shares = " | ".join(f"{np.mean(late <= minutes):.2f}" for minutes in (5, 10, 15))
            print(f"| {name} | {rate:g} | {shares} | ${np.median(usd):.2f} |", flush=True)


def _loops(
    rate: float, times: float, per_second: float, seeds: list[int]
) -> tuple[Doubles, Doubles]:
    """Minutes until one is caught, by the spike windows or the suggested cap; and its dollars."""
    late: list[float] = []
    spent: list[float] = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        spend = traffic("Poisson, gamma costs", rate, 16, seed)
        for day in range(QUIET_DAYS):
            spend_day = (QUIET_DAYS + day) * PER_DAY
            if day % 7 >= 5:
                continue
            past = slice(day * 24, (QUIET_DAYS + day) * 24)
            hourly = by_hour(spend.usd - spend.excess)
            profile = fit(Hourly(START_HOUR + past.start, hourly[:, past], hourly[:, past]), UTC)
            caps = cap.suggested(profile, least_usd=0.25)
            begin = spend_day + int(random.integers(9 * PER_HOUR, 18 * PER_HOUR))
            usd = (spend.usd - spend.excess)[:, begin - PER_DAY : begin + 12].copy()
            usual = usd[:, -12 - PER_HOUR : -12].mean(1)
            calls = usual * times / MEAN_USD + per_second * STEP
            count = random.poisson(calls[:, None], (len(usd), 12))
            extra = random.gamma(0.8 * np.maximum(count, 1e-9), MEAN_USD / 0.8)
            usd[:, -12:] += extra
            squares = np.maximum(usd, 0) * MEAN_USD * 2.25
            end = START_HOUR * HOUR + (begin + 12) * STEP
            found = scan(profile, Recent(end, STEP, usd, squares), SPIKE, times=12).fires.any(1)
            found |= usd[:, -12:] > caps[:, None]
            first = np.where(found.any(1), found.argmax(1), 12)
            late.extend(5.0 * (first + 1))
            spent.extend(np.cumsum(extra, axis=1)[np.arange(len(usd)), np.minimum(first, 11)])
    return np.array(late), np.array(spent)


def speed() -> None:
    """Learn and judge a thousand series, in processor time."""
    random = np.random.default_rng(1)
    usd = random.gamma(2.0, 0.5, (1000, 672))
    steps = random.gamma(2.0, 0.5 / PER_HOUR, (1000, PER_DAY))
    hourly = Hourly(START_HOUR, usd, usd)
    recent = Recent((START_HOUR + 672) * HOUR, STEP, steps, steps * MEAN_USD)
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
