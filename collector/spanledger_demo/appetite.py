"""How many tokens each call of the history takes, and how its caches warm up and go cold."""

from __future__ import annotations

import random
from typing import Final

from spanledger_demo.arrivals import Arrival
from spanledger_demo.company import FIVE_MINUTES, Feature
from spanledger_demo.simulator.counts import Counts

_NS: Final = 1_000_000_000
_MIN_CACHEABLE: Final = 1024


class Appetite:
    """Draws counts; remembers which prefixes are warm, and until when."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._warm: dict[tuple[str, str], tuple[int, float]] = {}
        self.missed = 0
        """Tokens that the last call wrote again although its cache had them."""

    def counts(self, arrival: Arrival) -> Counts:
        """Draw the counts of the next call; calls must come in order of time."""
        feature, rng = arrival.feature, self._rng
        searches = _whole(rng, feature.searches) if feature.searches else 0
        fresh = int(feature.fresh * rng.lognormvariate(0, 0.45)) + searches * 2100
        output = min(feature.max_tokens, 1 + int(feature.output * rng.lognormvariate(0, 0.5)))
        kept, written, plain = self._cached(arrival, fresh, output)
        hourly = feature.cache_ttl_s != FIVE_MINUTES
        return Counts(
            input_tokens=plain,
            output_tokens=output,
            cache_read=kept,
            cache_write_5m=0 if hourly else written,
            cache_write_1h=written if hourly else 0,
            thinking_tokens=int(output * feature.thinking * rng.uniform(0.6, 1.2)),
            web_searches=searches,
            service_tier="batch" if feature.batched else "standard",
            inference_geo=_geo(feature),
        )

    def _cached(self, arrival: Arrival, fresh: int, output: int) -> tuple[int, int, int]:
        """Split a prompt into what is read from cache, written to it and neither.

        The shared prefix is warm while calls follow each other within its TTL; a session's own part
        is warm after its first turn, unless an agent has run away and rewrites it each time.
        """
        feature = arrival.feature
        self.missed = 0
        ttl_s = feature.cache_ttl_s
        if ttl_s is None or arrival.progress < feature.caches_from:
            return 0, 0, feature.prefix + fresh * (arrival.turn + 1)
        at = arrival.at_ns / _NS
        shared = (feature.name, arrival.environment)
        kept = self._live(shared, at)
        written = feature.prefix - kept if feature.prefix >= _MIN_CACHEABLE else 0
        self._warm[shared] = (feature.prefix if written or kept else 0, at + ttl_s)
        if arrival.session is None:
            return kept, written, fresh + feature.prefix - kept - written
        own = ("session", arrival.session)
        said = self._live(own, at)
        self._warm[own] = (said + fresh + output, at + ttl_s)
        reread, rewritten = (0, said) if arrival.runaway else (said, 0)
        self.missed = rewritten
        plain = 12 + int(self._rng.random() * 60)
        return kept + reread, written + rewritten + fresh, plain

    def _live(self, key: tuple[str, str], at: float) -> int:
        tokens, until = self._warm.get(key, (0, 0.0))
        return tokens if until > at else 0


def _geo(feature: Feature) -> str:
    if feature.us_only:
        return "us"
    return "global" if feature.model != "claude-haiku-4-5" else "not_available"


def _whole(rng: random.Random, mean: float) -> int:
    """Draw a whole number with the given mean."""
    return int(mean) + int(rng.random() < mean % 1)
