"""Thirty days of believable calls: what each request of the timetable cost, took and came to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from spanledger_demo.allowance import Allowance, Left
from spanledger_demo.appetite import Appetite
from spanledger_demo.arrivals import Arrival, Timetable
from spanledger_demo.company import SPEEDS, Feature
from spanledger_demo.simulator.bill import Bill, Delivery
from spanledger_demo.simulator.catalogue import served_model
from spanledger_demo.simulator.counts import Counts

_NS: Final = 1_000_000_000
_RETRIED: Final = 0.012
_FAILED: Final = 0.003
_FAILED_IN_INCIDENT: Final = 0.3
_FAILED_IN_RUNAWAY: Final = 0.05
_CLOSED_EARLY: Final = 0.009
_INCIDENT: Final = (0.62, 0.66)
"""The stretch of the history in which the API is overloaded for many."""


class DemoCall(NamedTuple):
    """One finished request with everything that its span tells."""

    arrival: Arrival
    span_id: int
    duration_ns: int
    first_chunk_ns: int | None
    served_model: str
    counts: Counts | None
    """What the API made and bills; None for failures and for what is not a model request."""
    outcome: str
    failure: tuple[int, str] | None
    retries: int
    stop_reason: str | None
    message_id: str | None
    request_id: str
    left: Left | None = None
    """What the answer told of the rate limits; None for what told nothing."""
    missed_tokens: int = 0
    """Tokens that the cache had and the prompt, changed before them, could not use."""


class History:
    """The calls of the days before `now`; the same seed and `now` give the same ones."""

    def __init__(self, *, now: datetime, days: int = 30, seed: int = 7) -> None:
        self._arrivals = Timetable(now=now, days=days, seed=seed).arrivals()
        self._rng = random.Random(f"calls/{seed}/{now.isoformat()}/{days}")
        self._appetite = Appetite(self._rng)
        self._allowance = Allowance()

    def __len__(self) -> int:
        return len(self._arrivals)

    def calls(self) -> Iterator[DemoCall]:
        """Give the calls in order of time; may be called once."""
        for arrival in self._arrivals:
            if arrival.operation == "chat":
                yield self._chat(arrival)
            else:
                yield self._aside(arrival)

    def _aside(self, arrival: Arrival) -> DemoCall:
        """A request that costs nothing: counting tokens, or handing in a batch."""
        took = int(self._rng.uniform(0.08, 0.3) * _NS)
        model = _served(arrival.feature)
        return DemoCall(
            arrival,
            self._span_id(),
            took,
            None,
            model,
            None,
            "completed",
            None,
            0,
            None,
            None,
            self._id("req_01"),
        )

    def _chat(self, arrival: Arrival) -> DemoCall:
        feature, rng = arrival.feature, self._rng
        failure = None if feature.batched else self._failure(arrival)
        if failure is not None:
            return self._aside(arrival)._replace(
                outcome="failed",
                failure=failure,
                retries=2,
                duration_ns=_waited(rng),
                left=self._allowance.left(arrival, None) if arrival.runaway else None,
            )
        counts = self._appetite.counts(arrival)
        closed = feature.streamed and rng.random() < _CLOSED_EARLY
        if closed:
            counts = self._cut_short(counts)
        retries = int(rng.random() < _RETRIED) if not feature.batched else 0
        first_ns, total_ns = self._timing(feature, counts, retries)
        return DemoCall(
            arrival,
            self._span_id(),
            total_ns,
            first_ns if feature.streamed else None,
            _served(feature),
            counts,
            "closed" if closed else "completed",
            None,
            retries,
            None if closed else self._stop_reason(feature, counts),
            self._id("msg_01"),
            self._id("req_01"),
            None if feature.batched else self._allowance.left(arrival, counts),
            self._appetite.missed,
        )

    def _cut_short(self, counts: Counts) -> Counts:
        left = max(1, int(counts.output_tokens * self._rng.uniform(0.05, 0.6)))
        thought = min(left, counts.thinking_tokens)
        return counts._replace(output_tokens=left, thinking_tokens=thought)

    def _failure(self, arrival: Arrival) -> tuple[int, str] | None:
        low, high = _INCIDENT
        chance, overloaded = _FAILED, 0.5
        if arrival.runaway:
            chance, overloaded = _FAILED_IN_RUNAWAY, 0.0
        elif low <= arrival.progress <= high and 13 <= _hour(arrival.at_ns) < 15:
            chance, overloaded = _FAILED_IN_INCIDENT, 1.0
        if self._rng.random() >= chance:
            return None
        if self._rng.random() < overloaded:
            return 529, "overloaded_error"
        return 429, "rate_limit_error"

    def _timing(self, feature: Feature, counts: Counts, retries: int) -> tuple[int, int]:
        rng, speed = self._rng, SPEEDS[feature.model]
        if feature.batched:
            return 0, 1_000_000
        reading_s = (counts.prompt_tokens - counts.cache_read) / 60_000
        first_s = speed.first_token_s * rng.lognormvariate(0, 0.35) + reading_s
        first_s += counts.web_searches * rng.uniform(0.9, 2.2)
        writing_s = counts.output_tokens / (speed.tokens_per_s * rng.uniform(0.7, 1.2))
        waited_s = retries * rng.uniform(0.5, 2.0)
        return int((waited_s + first_s) * _NS), int((waited_s + first_s + writing_s) * _NS)

    def _stop_reason(self, feature: Feature, counts: Counts) -> str:
        if counts.output_tokens >= feature.max_tokens:
            return "max_tokens"
        return "tool_use" if feature.tools and self._rng.random() < 0.55 else "end_turn"

    def _span_id(self) -> int:
        return self._rng.getrandbits(64) | 1

    def _id(self, prefix: str) -> str:
        return f"{prefix}{self._rng.getrandbits(88):022x}"


def charge(bill: Bill, call: DemoCall) -> None:
    """Bill a call as the simulator does: a stream by what was made, a failure not at all."""
    if call.counts is not None:
        delivery: Delivery = "partial" if call.outcome == "closed" else "complete"
        bill.charge(call.served_model, call.counts, delivery)


def _served(feature: Feature) -> str:
    model = served_model(feature.model)
    if model is None:
        raise LookupError(f"the simulator does not serve {feature.model}")
    return model.id


def _waited(rng: random.Random) -> int:
    """How long a call takes that fails after two retries."""
    return int(rng.uniform(1.4, 4.5) * _NS)


def _hour(at_ns: int) -> int:
    return at_ns // (3600 * _NS) % 24
