"""The private, always-on pipeline behind `instrument()`: an SDK provider and its delivery."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import NoOpTracer

from . import semconv
from ._version import __version__
from .delivery import Delivery, Target, sigterm
from .delivery.settings import (
    flushes_on_sigterm,
    pace_from_environment,
    spool_from_environment,
)
from .late import Origin


class PrivatePipeline(NamedTuple):
    """Spans go in at the provider and leave by the delivery."""

    provider: TracerProvider
    delivery: Delivery

    def origin(self) -> Origin | None:
        """Where spans that are made late come from; None where `OTEL_SDK_DISABLED` is set."""
        if isinstance(self.provider.get_tracer(semconv.SCOPE), NoOpTracer):
            return None
        return Origin(
            self.provider, InstrumentationScope(semconv.SCOPE, __version__), self.delivery
        )

    def shutdown(self) -> None:
        """Deliver what can be delivered in a bounded time, and stop."""
        self.provider.shutdown()


def start(
    url: str,
    token: str | None,
    service_name: str | None,
    spool_dir: str | os.PathLike[str] | None = None,
) -> PrivatePipeline:
    """Make a pipeline to the collector at `url`; no thread runs and no file is made yet."""
    attributes = {semconv.HOST_NAME: socket.gethostname()}
    if service_name:
        attributes[semconv.SERVICE_NAME] = service_name
    provider = TracerProvider(
        resource=Resource.create(attributes), sampler=ALWAYS_ON, shutdown_on_exit=False
    )
    delivery = Delivery(
        Target(f"{url}/v1/traces", token),
        spool=spool_from_environment(spool_dir),
        pace=pace_from_environment(),
    )
    provider.add_span_processor(delivery)
    if flushes_on_sigterm():
        sigterm.watch(delivery.end)
    return PrivatePipeline(provider, delivery)


def stop(pipeline: PrivatePipeline) -> None:
    """Put the process back as it was, having delivered what could be."""
    sigterm.unwatch()
    pipeline.shutdown()
