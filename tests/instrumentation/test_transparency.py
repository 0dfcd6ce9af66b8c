"""Nobody can tell that we are there: what the SDK returns, warns and traces is as without us."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import anthropic
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracerProvider, Tracer

from spanledger import AnthropicInstrumentor
from spanledger._guard import guard
from tests.instrumentation.support import REFERENCE_USAGE, REQUEST, Spans, ask

TRACES_ITSELF = hasattr(anthropic._base_client.BaseClient, "_tracer")
httpx: Any = importlib.import_module(
    "httpx2" if int(anthropic.__version__.split(".")[0]) >= 1 else "httpx"
)
"""The HTTP library of this SDK."""

EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {
            **{"id": "msg_1", "type": "message", "role": "assistant", "content": []},
            **{"model": REQUEST["model"], "stop_reason": None, "stop_sequence": None},
            "usage": {**REFERENCE_USAGE, "output_tokens": 1},
        },
    },
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": 321},
    },
    {"type": "message_stop"},
]
BODY = b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in EVENTS)


@pytest.fixture
def read_already() -> Iterator[anthropic.Anthropic]:
    """A client of a mock transport as many test-suites have it: its body is there at once."""
    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=BODY, headers=headers))
    with anthropic.Anthropic(
        base_url="http://test", api_key="test", http_client=httpx.Client(transport=transport)
    ) as made:
        yield made


def test_events_of_a_body_that_was_read_already(
    read_already: anthropic.Anthropic, spans: Spans
) -> None:
    """A stream over a body that arrived with its headers tells its usage like any other."""
    events = list(read_already.messages.create(**REQUEST, stream=True))

    assert [event.type for event in events] == [event["type"] for event in EVENTS]
    attributes = spans.attributes()
    assert attributes["spanledger.outcome"] == "completed"
    assert attributes["gen_ai.usage.input_tokens"] == 5525
    assert attributes["gen_ai.usage.output_tokens"] == 321


def test_raw_text_of_a_body_that_was_read_already(
    read_already: anthropic.Anthropic, spans: Spans
) -> None:
    """Read as text, it tells as much."""
    response = read_already.messages.with_raw_response.create(**REQUEST, stream=True)
    assert "message_stop" in response.http_response.text
    del response

    attributes = spans.attributes()
    assert attributes["spanledger.outcome"] == "completed"
    assert attributes["gen_ai.usage.output_tokens"] == 321


def test_stream_over_a_stand_in(client: anthropic.Anthropic, spans: Spans) -> None:
    """A test double of a response has neither extensions nor a stream, and need not."""

    class StandIn:
        def iter_bytes(self) -> Iterator[bytes]:
            yield BODY

        def close(self) -> None:
            pass

    response: Any = StandIn()
    stream: Any = anthropic.Stream(
        cast_to=anthropic.types.RawMessageStreamEvent,  # type: ignore[arg-type]  # a union, as the SDK gives it
        response=response,
        client=client,
    )

    assert len(list(stream)) == len(EVENTS)
    assert spans.all() == []


def test_types_are_the_sdks(client: anthropic.Anthropic, spans: Spans) -> None:
    """Messages, streams and managers are what they are without us."""
    message = client.messages.create(**ask())
    stream = client.messages.create(**ask(), stream=True)
    manager = client.messages.stream(**ask())

    assert type(message) is anthropic.types.Message
    assert type(stream) is anthropic.Stream
    assert type(manager) is anthropic.MessageStreamManager
    with manager as helper:
        assert type(helper) is anthropic.MessageStream
    stream.close()


def test_warnings_name_the_callers_line(client: anthropic.Anthropic, spans: Spans) -> None:
    """The SDK's deprecation warning points at the caller, not at us."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with suppress(anthropic.NotFoundError):  # the model is gone; the warning comes before
            client.messages.create(
                **{**ask(), "model": next(iter(anthropic.resources.messages.DEPRECATED_MODELS))}
            )

    assert [warning.filename for warning in caught] == [__file__]


def test_our_failure_is_not_the_callers(
    client: anthropic.Anthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that breaks costs telemetry, never a call, and not only outside of pytest."""

    class Broken(NoOpTracerProvider):
        def get_tracer(self, *_args: Any, **_kwargs: Any) -> Tracer:
            tracer: Any = object()
            return tracer  # type: ignore[no-any-return]

    monkeypatch.setattr(guard, "loud", False)
    failures = guard.failures
    instrumentor = AnthropicInstrumentor()
    instrumentor.instrument(tracer_provider=Broken())
    try:
        message = client.messages.create(**ask())
    finally:
        instrumentor.uninstrument()

    assert message.usage.output_tokens == 321
    assert guard.failures == failures + 1


@pytest.mark.skipif(not TRACES_ITSELF, reason="the SDK traces itself since 1.14")
def test_spans_for_another_provider_stay(client: anthropic.Anthropic, spans: Spans) -> None:
    """A client that sends its own spans elsewhere still does, and they do not nest under ours."""
    exporter = InMemorySpanExporter()
    elsewhere = TracerProvider()
    elsewhere.add_span_processor(SimpleSpanProcessor(exporter))
    options: Any = {"open_telemetry": {"tracer_provider": elsewhere}}

    client.with_options(**options).messages.create(**ask())

    [native] = exporter.get_finished_spans()
    assert native.name == "anthropic.messages.create"
    assert native.parent is None
    assert spans.only().name.startswith("chat ")


@pytest.mark.skipif(not TRACES_ITSELF, reason="the SDK traces itself since 1.14")
def test_spans_for_our_provider_are_replaced(client: anthropic.Anthropic, spans: Spans) -> None:
    """A client that sends its own spans to our provider sends none: one backend, one span."""
    options: Any = {"open_telemetry": {"tracer_provider": spans.provider}}

    client.with_options(**options).messages.create(**ask())

    assert spans.only().name.startswith("chat ")
