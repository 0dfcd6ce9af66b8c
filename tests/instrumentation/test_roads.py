"""Every road, by both clients, to every end: exactly one span, and it says what the page says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from spanledger import AnthropicInstrumentor
from spanledger_demo.simulator import Simulator, running_simulator
from tests.instrumentation import async_roads, roads
from tests.instrumentation.case_table import CASES, Case, documented, told
from tests.instrumentation.support import REFERENCE_PICODOLLARS, Spans, ask

DOCUMENTED = documented()


def test_both_clients_roads_are_in_the_table() -> None:
    """The page's table has a row for each road, and both clients take them all."""
    assert list(async_roads.ROADS) == list(roads.ROADS)
    assert list(DOCUMENTED) == CASES


@pytest.fixture(scope="module")
def billing() -> Iterator[Simulator]:
    """A simulator of calls that are waited for: its bill is final when they are over."""
    with running_simulator() as running:
        yield running


@pytest.mark.filterwarnings(  # SDK 0.125 warns of the only form that all releases know
    "ignore:The 'output_format' parameter is deprecated:DeprecationWarning"
)
@pytest.mark.parametrize("case", CASES, ids=lambda case: ", ".join(case))
def test_a_case_is_as_documented(
    simulator: Simulator, billing: Simulator, spans: Spans, case: Case
) -> None:
    """One call is one span with the documented end; when read, it costs what the API billed."""
    before = billing.bill().usd()
    case.run(billing if case.ending == "read" else simulator)
    attributes = spans.attributes()

    assert told(attributes) == DOCUMENTED[case]
    if case.ending == "read":
        billed = billing.bill().usd() - before
        assert Decimal(attributes["spanledger.cost.picodollars"]).scaleb(-12) == billed
    if case.ending == "left early" and "gen_ai.usage.input_tokens" in attributes:
        assert attributes["gen_ai.usage.input_tokens"] == 5525


def test_what_an_async_service_made_before_is_seen(simulator: Simulator) -> None:
    """An async client and its bound method from before `instrument()` are instrumented as well."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AnthropicInstrumentor()

    async def call() -> None:
        async with anthropic.AsyncAnthropic(base_url=simulator.url, api_key="test") as client:
            create: Any = client.messages.create
            instrumentor.instrument(tracer_provider=provider)
            await create(**ask())
            instrumentor.uninstrument()

    asyncio.run(call())
    attributes = Spans(provider, exporter).attributes()

    assert attributes["spanledger.cost.picodollars"] == REFERENCE_PICODOLLARS
