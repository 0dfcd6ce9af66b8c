"""The cap that is learned: how often is it wrong in quiet weeks, how often does it catch a loop?

`python benchmarks/caps.py` learns the cap of each series from the four weeks before, once a day, as
the collector does, and asks of every five minutes of the next two weeks without events whether it
fires; then a loop of ten times the usual begins on each working day. Beside it stand the fixed cap
of $50, and twice and five times the dearest five minutes instead of three times.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import timezone

import numpy as np
from alerts_traffic import (
    FAMILIES,
    MEAN_USD,
    PER_DAY,
    PER_HOUR,
    QUIET_DAYS,
    START_HOUR,
    Doubles,
    traffic,
)

from spanledger_collector.alerts.detect import cap
from spanledger_collector.alerts.detect.profile import Profile, fit
from spanledger_collector.alerts.detect.series import Hourly

DAYS = 14
SERIES = 8
WORTH_USD = 1.0
"""Dollars in five minutes that a loop costs beyond the usual, below which it does not count."""
Caps = Callable[[Profile, cap.Days], cap.Learned]


def of_factor(factor: float) -> Caps:
    """Caps that are learned with another factor than the product's."""

    def caps(profile: Profile, days: cap.Days) -> cap.Learned:
        return cap.learned(profile, days, floor_usd=1.0, factor=factor)

    return caps


def fixed(_profile: Profile, days: cap.Days) -> cap.Learned:
    """What the default was before."""
    caps = np.full(len(days.usd), 50.0)
    return cap.Learned(caps, np.full(len(caps), np.inf), caps)


WAYS: dict[str, Caps] = {
    "fixed $50": fixed,
    "1.5 x": of_factor(1.5),
    "**2 x**": of_factor(2.0),
    "3 x": of_factor(3.0),
}


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=61)
    options = parser.parse_args()
    print("| | requests/h | cap | false / series-week | 10x loop in 5 min | in 10 min |")
    print("|---|---|---|---|---|---|")
    for rate in (6.0, 120.0):
        for family in FAMILIES:
            for name, (false, five, ten) in scores(family, rate, options.seed).items():
                print(f"| {family} | {rate:g} | {name} | {false:.3f} | {five:.2f} | {ten:.2f} |")


def scores(family: str, rate: float, seed: int) -> dict[str, tuple[float, float, float]]:
    """False episodes a series-week, and the shares of loops caught in five and ten minutes."""
    found = traffic(family, rate, SERIES, seed)
    usd, calls = (
        table.reshape(-1, table.shape[-1])[:, : QUIET_DAYS * PER_DAY]
        for table in (found.usd, found.calls)
    )
    random = np.random.default_rng(seed)
    false = dict.fromkeys(WAYS, 0)
    caught: dict[str, list[Doubles]] = {name: [] for name in WAYS}
    for day in range(QUIET_DAYS - DAYS, QUIET_DAYS):
        past = slice(0, day * PER_DAY)
        hourly = Hourly(START_HOUR, *(by_hour(table[:, past]) for table in (usd, calls)))
        profile = fit(hourly, timezone.utc)
        days = cap.Days(
            *(t[:, past].reshape(len(t), day, PER_DAY).max(2)[:, -cap.DAYS :] for t in (usd, calls))
        )
        today = usd[:, day * PER_DAY : (day + 1) * PER_DAY]
        made = calls[:, day * PER_DAY : (day + 1) * PER_DAY]
        begin = int(random.integers(9 * PER_HOUR, 18 * PER_HOUR))
        usual = today[:, begin - PER_HOUR : begin].mean(1)
        added = 9 * usual[:, None]
        looped = today[:, begin : begin + 2] + added
        looped_calls = made[:, begin : begin + 2] + added / MEAN_USD
        for name, way in WAYS.items():
            learned = way(profile, days)
            over = today > limits(learned, made)
            false[name] += int((over[:, 1:] & ~over[:, :-1]).sum() + over[:, 0].sum())
            if day % 7 < 5:
                found_out = looped > limits(learned, looped_calls)
                caught[name].append(found_out[added[:, 0] >= WORTH_USD])
    weeks = len(usd) * DAYS / 7
    return {
        name: (
            false[name] / weeks,
            float(np.concatenate(caught[name])[:, 0].mean()),
            float(np.concatenate(caught[name]).any(1).mean()),
        )
        for name in WAYS
    }


def limits(learned: cap.Learned, calls: Doubles) -> Doubles:
    """The caps for each step by its calls."""
    return np.stack([learned.of(column) for column in calls.T], axis=1)


def by_hour(table: Doubles) -> Doubles:
    """Sums of five minutes as sums of hours."""
    return np.asarray(table.reshape(len(table), -1, PER_HOUR).sum(2))


if __name__ == "__main__":
    main()
