"""Spans whose ids are given, not drawn: what is reported twice is then the same span twice."""

from __future__ import annotations

from copy import copy
from hashlib import sha256
from typing import Any, NamedTuple

from opentelemetry.trace import ProxyTracer, Tracer


class ChosenIds(NamedTuple):
    """An id generator, as the OpenTelemetry SDK asks for one, that knows the ids of one span."""

    trace_id: int
    span_id: int

    @classmethod
    def of(cls, *names: str) -> ChosenIds:
        """The ids that belong to these names, now and in any other process."""
        digest = sha256("\0".join(names).encode("utf-8", "surrogatepass")).digest()
        return cls(int.from_bytes(digest[:16], "big"), int.from_bytes(digest[16:24], "big"))

    def generate_trace_id(self) -> int:
        """The trace id."""
        return self.trace_id

    def generate_span_id(self) -> int:
        """The span id."""
        return self.span_id

    def is_trace_id_random(self) -> bool:
        """A hash is spread as evenly as a random number, which is what samplers ask for."""
        return True


def tracer_with(ids: ChosenIds, tracer: Tracer) -> Tracer:
    """A tracer like the given one whose root spans have these ids.

    Tracers that are not the OpenTelemetry SDK's draw their ids by themselves, and come back as they
    are.
    """
    if isinstance(tracer, ProxyTracer):  # the API's stand-in, until a provider is set
        tracer = tracer._tracer
    if not hasattr(tracer, "id_generator"):
        return tracer
    twin: Any = copy(tracer)
    twin.id_generator = ids
    return twin  # type: ignore[no-any-return]  # the API knows nothing of id generators
