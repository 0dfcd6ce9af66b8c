"""One-line mode makes spans after the call, in another thread: they are the same spans."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import anthropic
import pytest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import TracerProvider

import spanledger
from spanledger_demo.simulator import Simulator
from tests.instrumentation.case_table import Case
from tests.instrumentation.receiver import Sink, delivering
from tests.instrumentation.support import REFERENCE_PICODOLLARS, ask

OF_ONE_CALL = (
    "gen_ai.response.id",
    "gen_ai.response.time_to_first_chunk",
    "anthropic.request.id",
    "anthropic.ratelimit.",
    "spanledger.output_tokens_per_second",
)
"""What differs from one call to the next."""


@pytest.fixture
def sink() -> Iterator[Sink]:
    """An OTLP receiver, and no instrumentation left behind."""
    receiver = Sink()
    yield receiver
    spanledger.uninstrument()
    receiver.close()


def value(any_value: AnyValue) -> Any:
    """What an attribute holds."""
    held = getattr(any_value, any_value.WhichOneof("value") or "string_value")
    return [value(each) for each in held.values] if hasattr(held, "values") else held


def described(span: Span) -> dict[str, Any]:
    """Everything about a span that two calls of a kind have in common."""
    attributes = {item.key: value(item.value) for item in span.attributes}
    return {
        name: (type(told), told)
        for name, told in {**attributes, "name": span.name, "kind": span.kind}.items()
        if not name.startswith(OF_ONE_CALL)
    } | {"status": span.status.code, "told": sorted(attributes)}


@pytest.mark.parametrize("ending", ["read", "API error", "left early"])
@pytest.mark.parametrize(
    "road", ["`create`", "`create(stream=True)`, `for`", "`with_raw_response`, unread"]
)
def test_a_late_span_is_the_same_span(
    sink: Sink, simulator: Simulator, road: str, ending: str
) -> None:
    """However a call ends, one-line mode says of it what a service's own provider is told."""
    case = Case(road, "sync", ending)
    with spanledger.tags(team="search", session="s-1"):
        with delivering(sink.url) as delivery:
            case.run(simulator)
            assert delivery.flush(100.0)
        spanledger.instrument(sink.url)
        case.run(simulator)
        assert spanledger.flush(100.0)
    live, late = sink.spans

    assert described(late) == described(live)
    assert len(late.trace_id) == len(live.trace_id) == 16


def test_a_late_span_has_its_calls_times_and_parent(
    sink: Sink, client: anthropic.Anthropic
) -> None:
    """It begins and ends with the call, in the trace of the span that was current then."""
    spanledger.instrument(sink.url)
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("service")
    with tracer.start_as_current_span("checkout") as parent:
        before = time.time_ns()
        client.messages.create(**ask())
        after = time.time_ns()
    client.messages.create(**ask())
    assert spanledger.flush(100.0)
    child, root = sink.spans
    context = parent.get_span_context()

    assert before <= child.start_time_unix_nano <= child.end_time_unix_nano <= after
    assert child.trace_id == context.trace_id.to_bytes(16, "big")
    assert child.parent_span_id == context.span_id.to_bytes(8, "big")
    assert root.parent_span_id == b""
    assert root.trace_id != child.trace_id


def test_what_the_caller_does_to_the_answer_changes_no_span(
    sink: Sink, client: anthropic.Anthropic
) -> None:
    """Some callers add usage up in the answer itself; the call keeps what the API counted."""
    spanledger.instrument(sink.url)
    message = client.messages.create(**ask())
    message.model = "claude-opus-4-6"
    message.usage.output_tokens += 1_000_000
    split: Any = getattr(message.usage, "cache_creation", None)
    if hasattr(
        split, "ephemeral_1h_input_tokens"
    ):  # older SDKs have a plain dict there, or nothing
        split.ephemeral_1h_input_tokens += 1_000_000
    assert spanledger.flush(100.0)
    [span] = sink.spans

    attributes = {item.key: value(item.value) for item in span.attributes}
    assert attributes["spanledger.cost.picodollars"] == REFERENCE_PICODOLLARS


def test_a_disabled_sdk_sends_nothing(
    sink: Sink, client: anthropic.Anthropic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenTelemetry's own switch holds in one-line mode as well."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    spanledger.instrument(sink.url)
    client.messages.create(**ask())

    assert spanledger.flush(100.0)
    assert sink.spans == []
