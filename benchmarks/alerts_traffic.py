"""Eight weeks of spend with a known truth, in families of noise; what `alerts.py` scores with.

Only the first family is what the spike detector assumes: calls that come one by one, with costs
from one gamma distribution. The others break that in the ways that real traffic does. Four weeks
are quiet; the other four hold one event of each kind, in any order and at any hour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "DAYS",
    "DRIVERS",
    "FAMILIES",
    "MEAN_USD",
    "NEW_LEVEL",
    "PER_DAY",
    "PER_HOUR",
    "QUIET_DAYS",
    "START_HOUR",
    "STEP",
    "STEPS",
    "Doubles",
    "Event",
    "Traffic",
    "traffic",
]

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

STEP = 300
PER_HOUR = 3600 // STEP
PER_DAY = 24 * PER_HOUR
DAYS = 56
QUIET_DAYS = 28
STEPS = DAYS * PER_DAY
START_HOUR = 490_992
"""A Monday at midnight."""

MEAN_USD = 0.05
DRIVERS = np.array([0.40, 0.25, 0.15, 0.12, 0.08])
"""The shares of five teams."""

NEW_LEVEL = 1.5
"""A price so many times as high is worth an alert."""

_SESSION = 12.0
"""Calls a session on average."""


class Event(NamedTuple):
    """Spend that should be noticed, by step."""

    kind: str
    begin: int
    end: int
    driver: int
    cause: str


class Traffic(NamedTuple):
    """One family at one rate: organisation, series, step.

    Of an organisation's series the whole comes first, then the teams.
    """

    usd: Doubles
    calls: Doubles
    squares: Doubles
    excess: Doubles
    """What the events cost beyond what would have been spent: organisation, step."""
    events: list[list[Event]]
    levels: list[int | None]
    """From which step on calls cost half more or above for good."""

    def alone(self) -> Traffic:
        """The organisations without their teams."""
        return self._replace(
            usd=self.usd[:, :1], calls=self.calls[:, :1], squares=self.squares[:, :1]
        )


class Calls(NamedTuple):
    """Single calls of one series."""

    step: Ints
    usd: Doubles
    driver: Ints


class Family(NamedTuple):
    """How the calls of a family come and what they cost."""

    cost: Callable[[np.random.Generator, int], Doubles]
    sessions: bool = False
    shape: Callable[[np.random.Generator, list[Event]], Doubles] | None = None
    """Factors by step on the rate of calls."""
    price: Callable[[np.random.Generator], Doubles] | None = None
    """Factors by step on the cost of a call."""
    batch: bool = False
    outages: bool = False


def _gamma(random: np.random.Generator, size: int) -> Doubles:
    return random.gamma(0.8, 1 / 0.8, size)


def _lognormal(random: np.random.Generator, size: int) -> Doubles:
    return random.lognormal(-(1.5**2) / 2, 1.5, size)


def _pareto(random: np.random.Generator, size: int) -> Doubles:
    """The dearest call costs some 300 times the cheapest: a context window ends somewhere."""
    raw = np.minimum((1 - random.random(size)) ** (-1 / 1.5), 300.0)
    return raw / 2.83


def _holidays(random: np.random.Generator, events: list[Event]) -> Doubles:
    """Up to three single days and a bridge of four with a fifth of the traffic.

    None is in an event: what stays below the usual in spite of it is nobody's spike.
    """
    free = np.ones(DAYS, bool)
    for event in events:
        free[event.begin // PER_DAY : event.end // PER_DAY + 1] = False
    factor = np.ones(DAYS)
    factor[random.permutation(np.flatnonzero(free))[:3]] = 0.2
    begin = int(random.integers(7, DAYS - 7))
    factor[begin : begin + 4][free[begin : begin + 4]] = 0.2
    return np.repeat(factor, PER_DAY)


def _growth(_random: np.random.Generator, _events: list[Event]) -> Doubles:
    """An eighth more each week."""
    weeks = np.arange(STEPS) / (7 * PER_DAY)
    return np.asarray(1.125**weeks, np.float64)


def _switch(*factors: float) -> Callable[[np.random.Generator], Doubles]:
    """One of the factors from some day of the later weeks on."""

    def price(random: np.random.Generator) -> Doubles:
        day = int(random.integers(QUIET_DAYS + 1, DAYS - 2))
        return np.where(np.arange(STEPS) >= day * PER_DAY, random.choice(factors), 1.0)

    return price


def _holidays_and_growth(random: np.random.Generator, events: list[Event]) -> Doubles:
    return _holidays(random, events) * np.sqrt(_growth(random, events))


FAMILIES = {
    "Poisson, gamma costs": Family(_gamma),
    "lognormal costs": Family(_lognormal),
    "Pareto costs": Family(_pareto),
    "bursty sessions": Family(_gamma, sessions=True),
    "nightly batch jobs": Family(_gamma, batch=True),
    "holidays": Family(_gamma, shape=_holidays),
    "growth": Family(_gamma, shape=_growth),
    "price change": Family(_gamma, price=_switch(0.8, 1.25)),
    "model switch": Family(_gamma, price=_switch(0.6, 1.67)),
    "all but switches": Family(
        _lognormal, sessions=True, shape=_holidays_and_growth, batch=True, outages=True
    ),
}


def traffic(family: str, per_hour: float, series: int, seed: int) -> Traffic:
    """Make the series of one family at one rate."""
    random = np.random.default_rng([seed, list(FAMILIES).index(family), int(per_hour * 10)])
    made = [_organisation(random, FAMILIES[family], per_hour) for _ in range(series)]
    usd, calls, squares, excess, events, levels = zip(*made, strict=True)
    return Traffic(
        np.stack(usd),
        np.stack(calls),
        np.stack(squares),
        np.stack(excess),
        list(events),
        list(levels),
    )


def _organisation(
    random: np.random.Generator, family: Family, per_hour: float
) -> tuple[Doubles, Doubles, Doubles, Doubles, list[Event], int | None]:
    usual = _usual(random) * per_hour / PER_HOUR
    events = _events(random)
    rate = usual * (family.shape(random, events) if family.shape else 1.0)
    price = family.price(random) if family.price else np.ones(STEPS)
    normal = _calls(random, family, rate, price, None)
    if family.batch:
        normal = _joined(normal, _batch_jobs(random, per_hour))
    extra, factor = _extra(random, family, rate, price, events, usual.mean())
    dearer = normal.usd * factor[normal.driver, normal.step]
    usd, calls, squares = _sums(_joined(normal._replace(usd=dearer), extra))
    excess = usd[0] - _sums(normal)[0][0]
    if family.outages:
        for begin in random.integers(0, STEPS, 4):
            usd[:, begin : begin + int(random.integers(1, 6 * PER_HOUR))] = np.nan
    level = int(price.argmax()) if price.max() >= NEW_LEVEL else None
    return usd, calls, squares, excess, events, level


def _usual(random: np.random.Generator) -> Doubles:
    """Office hours, a quieter weekend, and days that are never quite alike; 1 on average."""
    hour = np.arange(STEPS) / PER_HOUR
    middle, width = random.uniform(11, 16), random.uniform(3, 5)
    office = np.exp(-0.5 * (((hour - middle + 12) % 24 - 12) / width) ** 2)
    weekend = np.where(hour // 24 % 7 >= 5, random.uniform(0.25, 1.0), 1.0)
    days = np.repeat(random.lognormal(0, 0.1, DAYS), PER_DAY)
    shape = (random.uniform(0.1, 0.4) + office) * weekend * days
    return np.asarray(shape / shape.mean(), np.float64)


_LENGTHS = {"1h x10": 1, "3h x6": 3, "24h x2.5": 24, "72h x1.7": 72, "night leak": 54}


def _events(random: np.random.Generator) -> list[Event]:
    """One of each kind, two days apart or more."""
    hour, events = QUIET_DAYS * 24, []
    for kind in random.permutation(list(_LENGTHS)):
        hour += int(random.integers(48, 96))
        if kind == "night leak":
            hour += -hour % 24
        tokens = kind in ("24h x2.5", "72h x1.7") and random.random() < 0.5
        driver = int(random.integers(0, 2 if tokens else len(DRIVERS)))
        begin, end = hour * PER_HOUR, (hour + _LENGTHS[kind]) * PER_HOUR
        events.append(Event(str(kind), begin, end, driver, "tokens" if tokens else "volume"))
        hour += _LENGTHS[kind]
    return events


def _extra(
    random: np.random.Generator,
    family: Family,
    rate: Doubles,
    price: Doubles,
    events: list[Event],
    mean: float,
) -> tuple[Calls, Doubles]:
    """The calls that events add, and the factors by which they make calls dearer."""
    more = np.zeros((len(DRIVERS), STEPS))
    factor = np.ones((len(DRIVERS), STEPS))
    for event in events:
        inside = slice(event.begin, event.end)
        if event.kind == "night leak":
            night = np.arange(event.begin, event.end) // PER_HOUR % 24 < 6
            more[event.driver, inside] += 0.8 * mean * night
        elif event.cause == "tokens":
            times = float(event.kind.partition("x")[2])
            factor[event.driver, inside] = 1 + (times - 1) / DRIVERS[event.driver]
        else:
            more[event.driver, inside] += rate[inside] * (float(event.kind.partition("x")[2]) - 1)
    made = [_calls(random, family, more[number], price, number) for number in range(len(DRIVERS))]
    return _joined(*made), factor


def _calls(
    random: np.random.Generator, family: Family, rate: Doubles, price: Doubles, driver: int | None
) -> Calls:
    if family.sessions:
        begun = np.repeat(np.arange(STEPS), random.poisson(rate / _SESSION))
        length = random.geometric(1 / _SESSION, len(begun))
        first = np.repeat(np.cumsum(length) - length, length)
        passed = np.cumsum(random.exponential(150 / STEP, int(length.sum())))
        passed -= passed[first] if len(first) else 0.0
        step = np.minimum(np.repeat(begun, length) + passed.astype(np.int64), STEPS - 1)
        level = np.repeat(random.lognormal(-0.125, 0.5, len(begun)), length)
        team = np.repeat(random.choice(len(DRIVERS), len(begun), p=DRIVERS), length)
    else:
        step = np.repeat(np.arange(STEPS), random.poisson(rate))
        level = np.ones(len(step))
        team = random.choice(len(DRIVERS), len(step), p=DRIVERS)
    usd = family.cost(random, len(step)) * level * price[step] * MEAN_USD
    return Calls(step, usd, team if driver is None else np.full(len(step), driver))


def _batch_jobs(random: np.random.Generator, per_hour: float) -> Calls:
    """At two each night, give or take; one in ten nights is left out, one worth six usual hours."""
    nights = np.flatnonzero(random.random(DAYS) > 0.1)
    begin = nights * PER_DAY + 2 * PER_HOUR + random.integers(-4, 5, len(nights))
    count = random.poisson(6 * per_hour * random.lognormal(-0.045, 0.3, len(nights)))
    step = np.repeat(begin, count) + random.integers(0, PER_HOUR, int(count.sum()))
    return Calls(step, _gamma(random, len(step)) * MEAN_USD, np.full(len(step), 4))


def _joined(*parts: Calls) -> Calls:
    return Calls(*(np.concatenate([part[number] for part in parts]) for number in range(3)))


def _sums(calls: Calls) -> tuple[Doubles, Doubles, Doubles]:
    """USD, calls and squared costs: all of them, then those of each team."""
    place = calls.driver * STEPS + calls.step
    usd, count, squares = (
        np.bincount(place, weight, len(DRIVERS) * STEPS).reshape(-1, STEPS).astype(np.float64)
        for weight in (calls.usd, np.ones(len(place)), calls.usd**2)
    )
    return _whole_first(usd), _whole_first(count), _whole_first(squares)


def _whole_first(teams: Doubles) -> Doubles:
    return np.vstack([teams.sum(0), teams])
