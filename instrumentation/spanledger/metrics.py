"""Metrics of calls for a service's own meter provider; a call's span says the same and more."""

from __future__ import annotations

from opentelemetry.metrics import Meter

from . import semconv
from .attributes import Attributes
from .pricing import Cost

_ASKED = (
    semconv.OPERATION_NAME,
    semconv.PROVIDER_NAME,
    semconv.REQUEST_MODEL,
    semconv.SERVER_ADDRESS,
)
_TOLD = (semconv.RESPONSE_MODEL, semconv.ERROR_TYPE)
"""The dimensions of every metric, by where they stand."""
# Boundaries of the GenAI conventions, which the SDK's defaults are far too small for.
_TOKEN_BUCKETS = [4.0**power for power in range(14)]
_SECOND_BUCKETS = [0.01 * 2**power for power in range(14)]


class CallMetrics:
    """The instruments, made once."""

    def __init__(self, meter: Meter) -> None:
        self._tokens = meter.create_histogram(
            semconv.METRIC_TOKEN_USAGE,
            unit="{token}",
            description="Tokens used by a call.",
            explicit_bucket_boundaries_advisory=_TOKEN_BUCKETS,
        )
        self._duration = meter.create_histogram(
            semconv.METRIC_DURATION,
            unit="s",
            description="How long a call took.",
            explicit_bucket_boundaries_advisory=_SECOND_BUCKETS,
        )
        self._first_chunk = meter.create_histogram(
            semconv.METRIC_FIRST_CHUNK,
            unit="s",
            description="Time from the request to the first chunk of a streamed answer.",
            explicit_bucket_boundaries_advisory=_SECOND_BUCKETS,
        )
        self._cost = meter.create_counter(
            semconv.METRIC_COST, unit="USD", description="What calls cost; unpriced calls add none."
        )

    def record(self, asked: Attributes, facts: Attributes, cost: Cost, duration_s: float) -> None:
        """Record one finished call, given its span's attributes: the request's and the others."""
        if getattr(self._duration, "_real_instrument", self) is None:
            return  # the API's stand-in, for want of a provider; finding the numbers takes longer
        shared = {name: asked[name] for name in _ASKED if name in asked}
        shared.update((name, facts[name]) for name in _TOLD if name in facts)
        self._duration.record(duration_s, shared)
        for kind, name in (("input", semconv.INPUT_TOKENS), ("output", semconv.OUTPUT_TOKENS)):
            if isinstance(count := facts.get(name), int):
                self._tokens.record(count, {**shared, semconv.TOKEN_TYPE: kind})
        if isinstance(waited := facts.get(semconv.TIME_TO_FIRST_CHUNK), float):
            self._first_chunk.record(waited, shared)
        if cost.picodollars:
            self._cost.add(cost.picodollars / 1e12, {**shared, semconv.COST_STATUS: cost.status})
