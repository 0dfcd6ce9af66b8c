"""A call ends exactly once, however it ends, and the caller sees what it would have seen."""

from __future__ import annotations

import asyncio
import gc
import socket
from typing import Any

import anthropic
import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from tests.instrumentation.roads import IMPATIENT
from tests.instrumentation.support import REQUEST, Spans, ask

Client = anthropic.Anthropic


def outcome(spans: Spans) -> tuple[Any, ...]:
    """How the one call ended, and what is known of its cost."""
    attributes = spans.attributes()
    return (
        attributes["spanledger.outcome"],
        attributes.get("error.type"),
        attributes["spanledger.cost.status"],
        *attributes.get("spanledger.cost.reasons", ()),
    )


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (529, "overloaded_error"),
    ],
)
def test_an_error_answer_costs_nothing(
    client: Client, spans: Spans, status: int, error_type: str
) -> None:
    """An error reaches the caller unchanged, and its span costs exactly nothing."""
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.messages.create(**ask(status=status))
    attributes = spans.attributes()

    assert caught.value.status_code == status
    assert outcome(spans) == ("failed", error_type, "priced", "request_failed")
    assert attributes["spanledger.cost.picodollars"] == 0
    assert attributes["http.response.status_code"] == status
    assert attributes["anthropic.request.id"] == caught.value.request_id
    assert spans.only().status.status_code is StatusCode.ERROR


def test_no_connection_costs_nothing(spans: Spans) -> None:
    """A request that never reached the API is known to be free."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with (
            anthropic.Anthropic(base_url=url, api_key="test", max_retries=0) as client,
            pytest.raises(anthropic.APIConnectionError),
        ):
            client.messages.create(**REQUEST)

    assert outcome(spans) == ("failed", "connection_error", "priced", "not_connected")
    assert spans.attributes()["spanledger.request.sent"] is False


def test_a_timeout_is_unpriced(client: Client, spans: Spans) -> None:
    """After a timeout nobody knows what was used: unpriced, never zero."""
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=IMPATIENT).messages.create(**ask(delay_s=30))

    assert outcome(spans) == ("failed", "client_timeout_error", "unpriced", "usage_unknown")
    assert "spanledger.cost.usd" not in spans.attributes()


def _close(client: Client) -> None:
    stream = client.messages.create(**ask(), stream=True)
    next(stream)
    stream.close()


def _break(client: Client) -> None:
    for _ in client.messages.create(**ask(), stream=True):
        break


def _leave_helper(client: Client) -> None:
    with client.messages.stream(**ask()) as stream:
        next(iter(stream))


def _raise_in_loop(client: Client) -> None:
    def divide() -> None:
        with client.messages.create(**ask(), stream=True) as stream:
            for _ in stream:
                1 / 0  # noqa: B018  # the caller's own mistake

    with pytest.raises(ZeroDivisionError):
        divide()


@pytest.mark.parametrize("leave", [_close, _break, _leave_helper, _raise_in_loop])
def test_a_stream_left_early_is_an_estimate(client: Client, spans: Spans, leave: Any) -> None:
    """What is left early is one span with the counts known so far, marked as an estimate."""
    leave(client)
    attributes = spans.attributes()

    assert outcome(spans) == ("closed", None, "estimated", "usage_incomplete")
    assert attributes["spanledger.usage.complete"] is False
    assert attributes["gen_ai.usage.input_tokens"] == 5525
    assert spans.only().status.status_code is StatusCode.UNSET


def test_a_stream_closed_after_its_last_event_is_complete(client: Client, spans: Spans) -> None:
    """Stopping at `message_stop` loses nothing: the call is complete."""
    with client.messages.create(**ask(), stream=True) as stream:
        for event in stream:
            if event.type == "message_stop":
                break

    assert outcome(spans) == ("completed", None, "priced")


def test_a_dropped_stream_ends_without_the_garbage_collector(client: Client, spans: Spans) -> None:
    """A stream dropped unread ends at once on SDK 1.14 and newer, whose streams form no cycle."""
    gc.disable()
    try:
        stream = client.messages.create(**ask(), stream=True)
        del stream
    finally:
        gc.enable()

    assert outcome(spans) == ("dropped", None, "unpriced", "usage_unknown")


@pytest.mark.parametrize(
    ("directive", "error_type"),
    [("error_after_events", "overloaded_error"), ("cut_after_events", "client_error")],
)
def test_an_error_in_mid_stream_reaches_the_caller(
    client: Client, spans: Spans, directive: str, error_type: str
) -> None:
    """A stream that breaks raises in the caller's loop as without us, and is one failed span."""
    with pytest.raises(Exception, match=r".") as caught:
        list(client.messages.create(**ask(**{directive: 3}), stream=True))

    assert type(caught.value).__module__.partition(".")[0] in {"anthropic", "httpx", "httpx2"}
    assert outcome(spans) == ("failed", error_type, "estimated", "usage_incomplete")


def test_a_body_cut_short_is_a_failure(client: Client, spans: Spans) -> None:
    """A stream that ends before `message_stop` raises nothing, but its span has failed."""
    events = list(client.messages.create(**ask(end_after_events=3), stream=True))

    assert len(events) in (2, 3)  # a ping is one of the three that were sent
    assert outcome(spans) == ("failed", "api_error", "estimated", "usage_incomplete")


async def test_cancelling_before_the_answer(
    async_client: anthropic.AsyncAnthropic, spans: Spans
) -> None:
    """A cancelled task stays cancelled, and its call is unpriced."""
    task = asyncio.ensure_future(async_client.messages.create(**ask(delay_s=30)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert task.cancelled()
    assert outcome(spans) == ("cancelled", None, "unpriced", "usage_unknown")


async def test_cancelling_within_a_stream(
    async_client: anthropic.AsyncAnthropic, spans: Spans
) -> None:
    """A task cancelled while it waits for an event ends its call as cancelled, as an estimate."""
    started = asyncio.Event()

    async def read() -> None:
        async for _ in await async_client.messages.create(**ask(chunk_delay_s=0.1), stream=True):
            started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert outcome(spans) == ("cancelled", None, "estimated", "usage_incomplete")


def test_the_current_span_is_the_callers_between_events(client: Client, spans: Spans) -> None:
    """Our span is never current in the caller's code, and two open streams stay apart."""
    tracer = trace.get_tracer("test", tracer_provider=spans.provider)
    with tracer.start_as_current_span("caller") as caller:
        first = client.messages.create(**ask(), stream=True)
        seen = []
        for _ in first:
            seen.append(trace.get_current_span())
            if len(seen) == 1:
                client.messages.create(**ask())
    calls = [span for span in spans.all() if span.name.startswith("chat")]

    assert all(span is caller for span in seen)
    assert len(calls) == 2
    assert all(span.parent == caller.get_span_context() for span in calls)


def test_types_are_what_they_were(client: Client, spans: Spans) -> None:
    """Streams, managers and messages are the SDK's own types."""
    stream = client.messages.create(**ask(), stream=True)
    manager = client.messages.stream(**ask())

    assert type(stream) is anthropic.Stream
    assert type(manager).__name__ == "MessageStreamManager"
    assert type(client.messages.create(**ask())) is anthropic.types.Message
    stream.close()


def test_the_sdks_own_span_is_suppressed(client: Client, spans: Spans) -> None:
    """In a service's own pipeline no call shows up twice: the SDK's span of it gives way."""
    traces_itself = hasattr(anthropic._base_client.BaseClient, "_tracer")
    options: Any = {"open_telemetry": {"tracer_provider": spans.provider}} if traces_itself else {}
    with anthropic.Anthropic(base_url=str(client.base_url), api_key="test", **options) as traced:
        traced.messages.create(**ask())

    assert [span.name for span in spans.all()] == ["chat claude-sonnet-4-6"]


def test_nothing_the_model_was_told_or_said_is_recorded(client: Client, spans: Spans) -> None:
    """No prompt, no completion and no key is on the span."""
    client.messages.create(**ask(text="a secret answer"))
    recorded = repr([(span.attributes, span.events, span.name) for span in spans.all()])

    assert "What does a span cost?" not in recorded
    assert "a secret answer" not in recorded
    assert "api_key" not in recorded
    assert "'test'" not in recorded
