"""The public switches: the private one-line pipeline, and the OpenTelemetry instrumentor."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from . import instrumentor, semconv
from ._version import __version__
from .content import Redact, capture_from_environment
from .endpoint import address
from .metrics import CallMetrics
from .pipeline import Pipeline

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from .delivery import DeliveryStats
    from .private import PrivatePipeline

DEFAULT_ENDPOINT = "http://127.0.0.1:4318"

_private: PrivatePipeline | None = None
_private_settings: tuple[object, ...] | None = None


def instrument(
    endpoint: str | None = None,
    *,
    token: str | None = None,
    service_name: str | None = None,
    redact: Redact | None = None,
    baggage: Iterable[str] | None = None,
    spool_dir: str | os.PathLike[str] | None = None,
) -> None:
    """Report every Claude call of this process to a SpanLedger collector.

    The pipeline is private and always on: the service's own tracing, its sampling and its backend
    are left alone. Calling this again changes nothing, or moves to the new settings.

    Args:
        endpoint: The collector's address; default `SPANLEDGER_ENDPOINT`, then
            `http://127.0.0.1:4318`. Without a scheme it is `http://`; the `/v1/traces` that other
            exporters want at its end may be there.
        token: The collector's token; default `SPANLEDGER_TOKEN`, then none.
        service_name: `service.name`; default `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES`.
        redact: Sees captured content before it is recorded, as `(attribute name, structure)`, and
            gives what to record instead; None leaves it out. Content is captured only when
            `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `SPAN_ONLY`.
        baggage: Names of W3C baggage entries that become tags; default `SPANLEDGER_BAGGAGE`
            (separated by commas), then none.
        spool_dir: A folder in which spans wait on disk instead of in memory, so that a killed
            process loses none; default `SPANLEDGER_SPOOL_DIR`, then none.
    """
    # Here, not at the top: a process that only prices calls needs no OpenTelemetry SDK.
    from . import private

    global _private, _private_settings
    url = address(endpoint or os.environ.get("SPANLEDGER_ENDPOINT") or DEFAULT_ENDPOINT)
    secret = token or os.environ.get("SPANLEDGER_TOKEN") or None
    settings = (url, secret, service_name, spool_dir)
    if _private is None or settings != _private_settings:
        previous, _private = _private, private.start(*settings)
        _private_settings = settings
        if previous is not None:
            previous.shutdown()
    tracer = _private.provider.get_tracer(semconv.SCOPE, __version__)
    instrumentor.activate(
        Pipeline(
            tracer,
            current=False,
            capture=capture_from_environment(redact),
            baggage=_baggage(baggage),
            late=_private.origin(),
        )
    )


def uninstrument() -> None:
    """Undo `instrument()`: the SDK is as it was, and what is still to be sent is sent."""
    global _private, _private_settings
    instrumentor.deactivate()
    previous, _private, _private_settings = _private, None, None
    if previous is not None:
        from . import private

        private.stop(previous)


def flush(timeout: float = 5.0) -> bool:
    """Wait until every finished call was delivered.

    For processes that are frozen or end abruptly, such as AWS Lambda handlers.

    Args:
        timeout: Seconds to wait at most.

    Returns:
        Whether everything was delivered.
    """
    return True if _private is None else _private.delivery.flush(timeout)


def delivery_stats() -> DeliveryStats:
    """Tell how many spans were delivered, wait, or were lost since `instrument()`."""
    from .delivery import DeliveryStats

    return DeliveryStats() if _private is None else _private.delivery.stats()


class AnthropicInstrumentor:
    """Sends the spans to an OpenTelemetry provider instead of the private pipeline.

    Our span is the current one during the request, and the SDK's own span for the same request is
    suppressed, so that no backend sees a call twice. `opentelemetry-instrument` finds this class by
    its entry point.
    """

    def instrument(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        redact: Redact | None = None,
        baggage: Iterable[str] | None = None,
        **_options: object,
    ) -> None:
        """Start sending spans and metrics to the given providers, or to the global ones.

        Args:
            tracer_provider: Where spans go. A sampler that leaves calls out is warned about.
            meter_provider: Where metrics go.
            redact: As for `spanledger.instrument`.
            baggage: As for `spanledger.instrument`.
        """
        from opentelemetry import metrics, trace

        tracer = trace.get_tracer(semconv.SCOPE, __version__, tracer_provider)
        _warn_of_sampling(tracer_provider or trace.get_tracer_provider())
        meter = metrics.get_meter(semconv.SCOPE, __version__, meter_provider)
        instrumentor.activate(
            Pipeline(
                tracer,
                current=True,
                provider=tracer_provider,
                metrics=CallMetrics(meter),
                capture=capture_from_environment(redact),
                baggage=_baggage(baggage),
            )
        )

    def uninstrument(self, **_options: object) -> None:
        """Stop, and put the SDK back as it was."""
        instrumentor.deactivate()

    def instrumentation_dependencies(self) -> Collection[str]:
        """What has to be installed for this to do anything."""
        return ("anthropic >= 0.34",)


def _baggage(names: Iterable[str] | None) -> tuple[str, ...]:
    if names is not None:
        return tuple(names)
    listed = os.environ.get("SPANLEDGER_BAGGAGE", "").split(",")
    return tuple(name.strip() for name in listed if name.strip())


def _warn_of_sampling(provider: object) -> None:
    """A call that is sampled away is spend that nobody sees."""
    sampler = getattr(provider, "sampler", None)
    described = "" if sampler is None else sampler.get_description()
    if sampler is not None and not described.startswith(("AlwaysOn", "ParentBased{root:AlwaysOn")):
        warnings.warn(
            f"spanledger: the tracer provider samples ({described}), so calls and their costs will"
            " be missing. Use spanledger.instrument() beside it, which is always on.",
            stacklevel=3,
        )
