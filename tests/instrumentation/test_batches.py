"""Each result of a batch is one span at the batch's price, however often it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

import spanledger
from spanledger import batches
from spanledger_demo.simulator import asking
from tests.instrumentation.support import REFERENCE_USAGE, REQUEST, Spans

Client = anthropic.Anthropic
AsyncClient = anthropic.AsyncAnthropic
ENDS: dict[str, Any] = {
    "good": {"usage": {**REFERENCE_USAGE, "service_tier": "batch"}},
    "bad": {"result": "errored"},
    "late": {"result": "expired"},
    "gone": {"result": "canceled"},
}
BATCH_PICODOLLARS = 13_965_000_000 // 2 + 20_000_000_000
"""The reference call: tokens at half their price, searches at the whole."""

pytest.importorskip("anthropic.resources.messages.batches", reason="this SDK has no batches")
HAS_RAW_RESULTS = hasattr(
    anthropic.Anthropic(api_key="test").messages.batches.with_raw_response, "results"
)


def create_batch(client: Client) -> str:
    """A finished batch of which one request went well and each other ended in its own way."""
    requests: Any = [{"custom_id": name, "params": REQUEST} for name in ENDS]
    headers = asking(batch_s=0, items=ENDS)
    return client.messages.batches.create(requests=requests, extra_headers=headers).id


@pytest.fixture
def batch_id(client: Client) -> str:
    """A batch made before anything is instrumented."""
    return create_batch(client)


def results_of(spans: Spans) -> dict[str, ReadableSpan]:
    """The spans of results by the custom id."""
    found = [(span.attributes or {}, span) for span in spans.all()]
    named = [(facts.get("anthropic.message.batch.custom_id"), span) for facts, span in found]
    results = [(str(name), span) for name, span in named if name is not None]
    assert len(dict(results)) == len(results)
    return dict(results)


def test_the_whole_span_of_a_result(batch_id: str, client: Client, spans: Spans) -> None:
    """A result's span says what was used, what it cost at batch price, and which batch it is of."""
    with spanledger.tags(team="search"):
        [good] = [
            line for line in client.messages.batches.results(batch_id) if line.custom_id == "good"
        ]
    assert good.result.type == "succeeded"
    span = results_of(spans)["good"]
    reading = next(span for span in spans.all() if span.name.endswith("/results"))
    attributes = dict(span.attributes or {})

    assert (span.name, span.kind) == ("chat claude-sonnet-4-6", SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is None
    assert [link.context for link in span.links] == [reading.get_span_context()]
    assert (reading.attributes or {})["anthropic.message.batch.id"] == batch_id
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.id": good.result.message.id,
        "gen_ai.response.model": "claude-sonnet-4-6",
        "gen_ai.response.finish_reasons": ("end_turn",),
        "gen_ai.usage.input_tokens": 5525,
        "gen_ai.usage.output_tokens": 321,
        "gen_ai.usage.cache_read.input_tokens": 4000,
        "gen_ai.usage.cache_write.input_tokens": 1500,
        "server.address": "127.0.0.1",
        "server.port": client.base_url.port,
        "anthropic.organization.id": attributes["anthropic.organization.id"],
        "anthropic.workspace.id": attributes["anthropic.workspace.id"],
        "anthropic.message.batch.id": batch_id,
        "anthropic.message.batch.custom_id": "good",
        "anthropic.message.batch.result": "succeeded",
        "anthropic.message.stop_reason": "end_turn",
        "anthropic.usage.cache_creation.ephemeral_5m_input_tokens": 500,
        "anthropic.usage.cache_creation.ephemeral_1h_input_tokens": 1000,
        "anthropic.usage.server_tool_use.web_search_requests": 2,
        "anthropic.response.service_tier": "batch",
        "anthropic.response.inference_geo": attributes["anthropic.response.inference_geo"],
        "spanledger.tag.team": "search",
        "spanledger.outcome": "completed",
        "spanledger.usage.complete": True,
        "spanledger.cost.picodollars": BATCH_PICODOLLARS,
        "spanledger.cost.usd": BATCH_PICODOLLARS / 1e12,
        "spanledger.cost.input_usd": 0.0000375,
        "spanledger.cost.output_usd": 0.0024075,
        "spanledger.cost.cache_read_usd": 0.0006,
        "spanledger.cost.cache_write_5m_usd": 0.0009375,
        "spanledger.cost.cache_write_1h_usd": 0.003,
        "spanledger.cost.web_search_usd": 0.02,
        "spanledger.cost.status": "priced",
        "spanledger.prices.version": "2026-11-20",
    }


@pytest.mark.parametrize(
    ("name", "outcome", "error_type", "reason"),
    [
        ("bad", "failed", "invalid_request_error", "batch_errored"),
        ("late", "failed", "expired", "batch_expired"),
        ("gone", "cancelled", None, "batch_canceled"),
    ],
)
def test_what_did_not_run_costs_nothing(
    batch_id: str,
    client: Client,
    spans: Spans,
    name: str,
    outcome: str,
    error_type: str | None,
    reason: str,
) -> None:
    """Requests of a batch that failed, were canceled or expired cost exactly nothing."""
    list(client.messages.batches.results(batch_id))
    attributes = dict(results_of(spans)[name].attributes or {})

    assert attributes["spanledger.outcome"] == outcome
    assert attributes.get("error.type") == error_type
    assert attributes["spanledger.cost.picodollars"] == 0
    assert attributes["spanledger.cost.status"] == "priced"
    assert attributes["spanledger.cost.reasons"] == (reason,)
    assert "anthropic.request.id" not in attributes


def _read_lines(response: Any) -> None:
    assert len([line for line in response.iter_lines() if line]) == len(ENDS)


def _streaming(read: Callable[[Any], object]) -> Callable[[Client, str], None]:
    def road(client: Client, batch_id: str) -> None:
        with client.messages.batches.with_streaming_response.results(batch_id) as response:
            read(response)

    return road


def _read_twice(client: Client, batch_id: str) -> None:
    with client.messages.batches.with_streaming_response.results(batch_id) as response:
        response.read()
        assert len(list(response.parse())) == len(ENDS)


ROADS: dict[str, Callable[[Client, str], object]] = {
    "for": lambda client, batch: list(client.messages.batches.results(batch)),
    "beta": lambda client, batch: list(client.beta.messages.batches.results(batch)),
    "raw response": lambda client, batch: list(
        client.messages.batches.with_raw_response.results(batch).parse()
    ),
    "streaming response parsed": _streaming(lambda response: list(response.parse())),
    "streaming response by lines": _streaming(_read_lines),
    "streaming response as bytes": _streaming(lambda response: response.read()),
    "streaming response read, then parsed": _read_twice,
}


@pytest.mark.parametrize("road", ROADS)
def test_every_road_gives_each_result_one_span(
    batch_id: str, client: Client, spans: Spans, road: str
) -> None:
    """However the results are read, each of them is one span with the same cost."""
    if "response" in road and not HAS_RAW_RESULTS:
        pytest.skip("this SDK has no raw responses of results")
    ROADS[road](client, batch_id)
    results = results_of(spans)

    assert set(results) == set(ENDS)
    assert (results["good"].attributes or {})["spanledger.cost.picodollars"] == BATCH_PICODOLLARS


@pytest.mark.parametrize("road", ["stable", "beta", "raw", "streaming lines"])
async def test_the_async_client_is_the_same(
    batch_id: str, async_client: AsyncClient, spans: Spans, road: str
) -> None:
    """The async client's results are one span each as well."""
    if road in ("raw", "streaming lines") and not HAS_RAW_RESULTS:
        pytest.skip("this SDK has no raw responses of results")
    batches = async_client.messages.batches
    if road == "stable":
        [line async for line in await batches.results(batch_id)]
    elif road == "beta":
        [line async for line in await async_client.beta.messages.batches.results(batch_id)]
    elif road == "raw":
        response = await batches.with_raw_response.results(batch_id)
        [line async for line in await _awaited(response.parse())]
    else:
        async with batches.with_streaming_response.results(batch_id) as streamed:
            [line async for line in streamed.iter_lines()]
    results = results_of(spans)

    assert set(results) == set(ENDS)
    assert (results["good"].attributes or {})["spanledger.cost.picodollars"] == BATCH_PICODOLLARS


async def _awaited(value: Any) -> Any:
    """`parse` of a raw response became a coroutine function with SDK 1.0."""
    return await value if hasattr(value, "__await__") else value


def test_results_are_read_no_faster_than_the_caller_reads(
    batch_id: str, client: Client, spans: Spans
) -> None:
    """Types and laziness stay: what the caller did not read has no span."""
    results = client.messages.batches.results(batch_id)
    assert type(results).__name__ == "JSONLDecoder"
    assert results_of(spans) == {}
    first = next(results)
    seen = list(results_of(spans))
    results.close()

    assert type(first).__name__ == "MessageBatchIndividualResponse"
    assert seen == [first.custom_id]
    assert len(results_of(spans)) == 1


def test_reading_again_gives_the_same_spans(
    client: Client, spans: Spans, batch_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids and times follow from the batch: a process that never saw it before tells the same."""
    list(client.messages.batches.results(batch_id))
    monkeypatch.setattr(batches, "_ended_ns", {})  # as in another process
    list(client.messages.batches.results(batch_id))
    told = [
        (span.get_span_context(), span.start_time, span.end_time, span.attributes)
        for span in spans.all()
        if "anthropic.message.batch.custom_id" in (span.attributes or {})
    ]

    assert len(told) == 2 * len(ENDS)
    assert [_plain(span) for span in told[: len(ENDS)]] == [_plain(span) for span in told[4:]]
    assert len({_plain(span)[:2] for span in told}) == len(ENDS)


def _plain(told: tuple[Any, ...]) -> tuple[Any, ...]:
    context, start, end, attributes = told
    return context.trace_id, context.span_id, start, end, dict(attributes)


def test_a_tracer_that_draws_its_own_ids_still_tells_the_results(
    batch_id: str, client: Client, spans: Spans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ids cannot be chosen, each result is a span all the same, at the batch's time."""

    class Stranger(Tracer):
        """A tracer of another make."""

        def start_span(self, *args: Any, **kwargs: Any) -> Span:
            return tracer.start_span(*args, **kwargs)

        start_as_current_span = None  # type: ignore[assignment]  # not what we call

    tracer = spans.provider.get_tracer("spanledger")
    monkeypatch.setattr(spans.provider, "get_tracer", lambda *_args, **_kwargs: Stranger())
    spanledger.AnthropicInstrumentor().instrument(tracer_provider=spans.provider)
    list(client.messages.batches.results(batch_id))
    results = results_of(spans)

    assert set(results) == set(ENDS)
    assert len({span.start_time for span in results.values()}) == 1


def test_results_may_come_before_a_provider_is_set(batch_id: str, client: Client) -> None:
    """Without any provider nothing is recorded and nothing is in the way."""
    instrumentor = spanledger.AnthropicInstrumentor()
    instrumentor.instrument()
    results = list(client.messages.batches.results(batch_id))
    instrumentor.uninstrument()

    assert len(results) == len(ENDS)
