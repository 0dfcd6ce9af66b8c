"""When calls come in: every request of the history by time, feature, user and session."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from spanledger_demo.company import FEATURES, SPEEDS, SPIKE, Feature

_NS: Final = 1_000_000_000
_STAGING_SHARE: Final = 0.04
_APART: Final = 0x9E3779B97F4A7C15F39CC0605CEDC834
_GROWTH: Final = 0.22
"""How much busier the end of the history is than its start."""


class Arrival(NamedTuple):
    """One request on its way."""

    at_ns: int
    feature: Feature
    operation: str
    trace_id: int
    session: str | None
    user: str | None
    environment: str
    turn: int
    runaway: bool
    progress: float
    """How far into the history it comes, from 0 to 1."""
    batch_id: str | None = None
    batch_size: int = 0


class Timetable:
    """Draws the arrivals of all days; the same seed and `now` give the same ones."""

    def __init__(self, *, now: datetime, days: int, seed: int) -> None:
        self._now = now
        self._days = days
        self._rng = random.Random(f"{seed}/{now.isoformat()}/{days}")
        self._sessions = 0

    def arrivals(self) -> list[Arrival]:
        """Give every request up to now, in order of time."""
        midnight = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        found: list[Arrival] = []
        for back in range(self._days, -1, -1):
            for hour in range(24):
                start = midnight - timedelta(days=back) + timedelta(hours=hour)
                if start <= self._now:
                    found += self._hour(
                        start, is_yesterday=back == 1, progress=1 - back / self._days
                    )
        earliest = _ns(self._now - timedelta(days=self._days))
        return sorted(
            (arrival for arrival in found if earliest <= arrival.at_ns <= _ns(self._now)),
            key=lambda arrival: arrival.at_ns,
        )

    def _hour(self, start: datetime, *, is_yesterday: bool, progress: float) -> Iterator[Arrival]:
        for feature in FEATURES:
            share = feature.rhythm.hours[start.hour] / sum(feature.rhythm.hours)
            a_day = feature.calls_a_day * feature.rhythm.weekdays[start.weekday()]
            mean = a_day * share * (1 + _GROWTH * progress) / feature.turns
            if feature.batched:
                yield from self._batch(feature, start, self._poisson(mean), progress)
                continue
            for _ in range(self._poisson(mean)):
                yield from self._session(feature, start, progress, runaway=False)
            spiking = SPIKE.first_hour <= start.hour < SPIKE.first_hour + SPIKE.hours
            if is_yesterday and spiking and feature.name == SPIKE.feature:
                for _ in range(self._poisson(SPIKE.sessions_an_hour)):
                    yield from self._session(feature, start, progress, runaway=True)

    def _session(
        self, feature: Feature, start: datetime, progress: float, *, runaway: bool
    ) -> Iterator[Arrival]:
        rng = self._rng
        session = None
        if feature.turns > 1:
            self._sessions += 1
            session = f"{feature.name}-{self._sessions:05d}"
        at = _ns(start) + int(rng.random() * 3600 * _NS)
        staging = not runaway and rng.random() < _STAGING_SHARE
        arrival = Arrival(
            at,
            feature,
            "chat",
            rng.getrandbits(128) | 1,
            session,
            SPIKE.user if runaway else self._user(feature),
            "staging" if staging else "production",
            0,
            runaway,
            progress,
        )
        if feature.counted_first:
            counting_ns = int((0.4 + rng.random()) * _NS)
            yield arrival._replace(at_ns=at - counting_ns, operation="count_tokens")
        answering_s = 1.5 * feature.output / SPEEDS[feature.model].tokens_per_s
        for turn in range(self._turns(feature)):
            yield arrival._replace(at_ns=at, turn=turn, trace_id=_trace_of(arrival, turn))
            at += int((answering_s + rng.uniform(6, 90)) * _NS)

    def _batch(
        self, feature: Feature, start: datetime, size: int, progress: float
    ) -> Iterator[Arrival]:
        """A night's batch: it is sent on the hour and its results are read half an hour later."""
        rng = self._rng
        if size == 0:
            return
        created = Arrival(
            _ns(start) + int(rng.uniform(1, 90) * _NS),
            feature,
            "batches.create",
            rng.getrandbits(128) | 1,
            None,
            None,
            "production",
            0,
            False,
            progress,
            f"msgbatch_01{rng.getrandbits(88):022x}",
            size,
        )
        yield created
        reading = created.at_ns + int(rng.uniform(1500, 2400) * _NS)
        for number in range(size):
            yield created._replace(at_ns=reading + number * 3_000_000, operation="chat")

    def _turns(self, feature: Feature) -> int:
        return max(1, round(self._rng.gauss(feature.turns, feature.turns / 3)))

    def _user(self, feature: Feature) -> str | None:
        if feature.users is None:
            return None
        kind, many = feature.users
        rank = min(many - 1, int(many * self._rng.random() ** 2.2))  # a few do most of the work
        return f"{kind}-{rank + 1}"

    def _poisson(self, mean: float) -> int:
        if mean > 40:
            return max(0, round(self._rng.gauss(mean, math.sqrt(mean))))
        threshold, product, count = math.exp(-mean), self._rng.random(), 0
        while product > threshold:
            product *= self._rng.random()
            count += 1
        return count


def _trace_of(arrival: Arrival, turn: int) -> int:
    """An agent's turns are one trace; each turn of a conversation with a human is its own."""
    if arrival.feature.tools or turn == 0:
        return arrival.trace_id
    return (arrival.trace_id + turn * _APART) % 2**128 | 1


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * _NS + moment.microsecond * 1000
