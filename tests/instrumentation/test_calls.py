"""What the span of a call says: its request, its answer, its cost, and who caused it.

That every road is one such span is `test_roads.py`'s.
"""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from spanledger import AnthropicInstrumentor, __version__, current_tags, tags
from spanledger_demo.simulator import Simulator
from tests.instrumentation.support import (
    COUNTS_RETRIES,
    REFERENCE_PICODOLLARS,
    REQUEST,
    Spans,
    ask,
)

Client = anthropic.Anthropic


def test_the_whole_span_of_a_call(client: Client, simulator: Simulator, spans: Spans) -> None:
    """A call's span says who was asked, what was used, what it cost, and by which prices."""
    message = client.messages.create(**ask(headers={"request-id": "req_known"}))
    span = spans.only()
    attributes = spans.attributes()
    limits = {name for name in attributes if name.startswith("anthropic.ratelimit.")}

    assert span.name == "chat claude-sonnet-4-6"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope is not None
    assert (span.instrumentation_scope.name, span.instrumentation_scope.version) == (
        "spanledger",
        __version__,
    )
    assert "anthropic.ratelimit.input_tokens.remaining" in limits
    assert {name: value for name, value in attributes.items() if name not in limits} == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.request.model": "claude-sonnet-4-6",
        "gen_ai.request.max_tokens": 1024,
        "gen_ai.response.id": message.id,
        "gen_ai.response.model": "claude-sonnet-4-6",
        "gen_ai.response.finish_reasons": ("end_turn",),
        "gen_ai.usage.input_tokens": 5525,
        "gen_ai.usage.output_tokens": 321,
        "gen_ai.usage.cache_read.input_tokens": 4000,
        "gen_ai.usage.cache_write.input_tokens": 1500,
        "http.request.method": "POST",
        "http.route": "/v1/messages",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": int(simulator.url.rpartition(":")[2]),
        "anthropic.request.id": "req_known",
        "anthropic.organization.id": attributes["anthropic.organization.id"],
        "anthropic.workspace.id": attributes["anthropic.workspace.id"],
        "anthropic.message.stop_reason": "end_turn",
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 500,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 1000,
        "anthropic.usage.server_tool_use.web_search_requests": 2,
        "anthropic.response.service_tier": "standard",
        "anthropic.response.inference_geo": attributes["anthropic.response.inference_geo"],
        "spanledger.outcome": "completed",
        "spanledger.usage.complete": True,
        "spanledger.cost.picodollars": REFERENCE_PICODOLLARS,
        "spanledger.cost.usd": 0.033965,
        "spanledger.cost.input_usd": 0.000075,
        "spanledger.cost.output_usd": 0.004815,
        "spanledger.cost.cache_read_usd": 0.0012,
        "spanledger.cost.cache_write_5m_usd": 0.001875,
        "spanledger.cost.cache_write_1h_usd": 0.006,
        "spanledger.cost.web_search_usd": 0.02,
        "spanledger.cost.status": "priced",
        "spanledger.prices.version": "2026-11-20",
    }


def test_a_client_and_a_bound_method_made_before_are_seen(
    client: Client, simulator: Simulator
) -> None:
    """What a service made before `instrument()` is instrumented as well, and set free after."""
    create = client.messages.create
    original = anthropic.resources.messages.Messages.create
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = AnthropicInstrumentor()
    for _ in range(2):
        instrumentor.instrument(tracer_provider=provider)
    create(**ask())
    instrumentor.uninstrument()
    instrumentor.uninstrument()
    create(**ask())

    assert len(exporter.get_finished_spans()) == 1
    assert anthropic.resources.messages.Messages.create is original


def test_requests_that_cost_nothing_are_told_apart(client: Client, spans: Spans) -> None:
    """Counting tokens costs exactly nothing; requests beside any model carry no cost at all."""
    if not hasattr(client, "models"):
        pytest.skip("this SDK knows nothing but messages")
    client.messages.count_tokens(model=REQUEST["model"], messages=REQUEST["messages"])
    client.models.list()
    counting, listing = (dict[str, Any](span.attributes or {}) for span in spans.all())

    assert [span.name for span in spans.all()] == [
        "count_tokens claude-sonnet-4-6",
        "GET /v1/models",
    ]
    assert counting["spanledger.cost.picodollars"] == 0
    assert counting["spanledger.cost.reasons"] == ("not_a_model_request",)
    assert counting["anthropic.message.count_tokens.input_tokens"] > 0
    assert not [name for name in listing if name.startswith(("gen_ai.", "spanledger.cost"))]


def test_a_batch_is_recorded_with_its_size(client: Client, spans: Spans) -> None:
    """`batches.create` tells the batch's id and how many requests it holds."""
    if not hasattr(client.messages, "batches"):
        pytest.skip("this SDK has no batches")
    params = {"custom_id": "one", "params": REQUEST}
    batch = client.messages.batches.create(requests=[params])  # type: ignore[list-item]  # a plain dict, as callers write it
    attributes = spans.attributes()

    assert attributes["gen_ai.operation.name"] == "batches.create"
    assert attributes["anthropic.message.batch.id"] == batch.id
    assert attributes["anthropic.message.batch.request_count"] == 1


def test_the_prompt_caching_resource_of_old_sdks(client: Client, spans: Spans) -> None:
    """`client.beta.prompt_caching.messages`, while there was such a thing, is a road like any."""
    resource: Any = getattr(getattr(client, "beta", None), "prompt_caching", None)
    if resource is None:
        pytest.skip("this SDK caches prompts by the ordinary roads")
    list(resource.messages.create(**ask(), stream=True))

    assert spans.attributes()["spanledger.cost.picodollars"] == REFERENCE_PICODOLLARS


def test_retries_are_one_span(simulator: Simulator, spans: Spans) -> None:
    """A call that the SDK retried is one span that counts the retries."""
    if not COUNTS_RETRIES:
        pytest.skip("this SDK does not tell the simulator which attempt it is")
    with anthropic.Anthropic(base_url=simulator.url, api_key="test", max_retries=2) as client:
        client.messages.create(**ask(status=529, attempts=1))
    attributes = spans.attributes()

    assert attributes["http.request.resend_count"] == 1
    assert attributes["spanledger.cost.picodollars"] == REFERENCE_PICODOLLARS


def test_tags_nest_and_reach_tasks(simulator: Simulator, spans: Spans) -> None:
    """Tags nest, the inner one wins, and they follow the code into tasks."""

    async def answer() -> None:
        async with anthropic.AsyncAnthropic(base_url=simulator.url, api_key="test") as client:
            with tags(feature="answer", user=42, session="s-1"):
                await asyncio.ensure_future(client.messages.create(**ask()))

    with tags(team="search", feature="any"):
        asyncio.run(answer())
    attributes = spans.attributes()

    assert {k: v for k, v in attributes.items() if k.startswith("spanledger.tag.")} == {
        "spanledger.tag.team": "search",
        "spanledger.tag.feature": "answer",
        "spanledger.tag.user": "42",
        "spanledger.tag.session": "s-1",
    }
    assert attributes["gen_ai.conversation.id"] == "s-1"


async def test_tags_decorate_functions_and_coroutine_functions() -> None:
    """As a decorator, tags hold while the function runs, also across its awaits."""

    @tags(team="a")
    def plain() -> str:
        return current_tags()["team"]

    @tags(team="b")
    async def waiting() -> str:
        await asyncio.sleep(0)
        return current_tags()["team"]

    assert plain() == "a"
    assert await waiting() == "b"
    assert dict(current_tags()) == {}


def test_leaving_tags_in_another_context_harms_nobody() -> None:
    """A block entered in one context and left in another raises nothing and leaks nothing."""
    block = tags(team="a")
    contextvars.copy_context().run(block.__enter__)

    block.__exit__(None, None, None)
    assert dict(current_tags()) == {}
