"""The real SDK over real HTTP against the simulator, with the spans kept in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanledger import AnthropicInstrumentor
from spanledger_demo.simulator import Simulator, running_simulator
from tests.instrumentation.support import Spans, is_ours, undocumented


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulator]:
    """One simulated Claude API for all tests."""
    with running_simulator() as running:
        yield running


@pytest.fixture
def spans() -> Iterator[Spans]:
    """Instruments the SDK into a provider that keeps its spans.

    Whatever a test makes the library emit has to be on the documentation's page, with its type.
    """
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    recorded = Spans(provider, exporter)
    yield recorded
    instrumentor.uninstrument()
    ours = [span for span in recorded.all() if is_ours(span)]
    provider.shutdown()
    assert {name: value for span in ours for name, value in undocumented(span).items()} == {}


@pytest.fixture
def client(simulator: Simulator) -> Iterator[anthropic.Anthropic]:
    """A sync client of the simulator that never retries by itself."""
    with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=0) as made:
        yield made


@pytest.fixture
async def async_client(simulator: Simulator) -> AsyncIterator[anthropic.AsyncAnthropic]:
    """An async client of the simulator that never retries by itself."""
    async with anthropic.AsyncAnthropic(
        base_url=simulator.url, api_key="test", max_retries=0
    ) as made:
        yield made
