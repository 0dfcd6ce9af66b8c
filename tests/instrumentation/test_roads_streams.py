"""Streams broken, left, cancelled, mixed and handed over: one span each, with its usage."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from tests.instrumentation.support import STREAMS_FORM_CYCLES, Spans, ask

Client = anthropic.Anthropic
AsyncClient = anthropic.AsyncAnthropic

INCOMPLETE = ("estimated", "usage_incomplete")


def ending(attributes: Any) -> tuple[Any, ...]:
    """How a call ended, and what is known of its cost."""
    return (
        attributes["spanledger.outcome"],
        attributes.get("error.type"),
        attributes["spanledger.cost.status"],
        *attributes.get("spanledger.cost.reasons", ()),
    )


async def loop_turns() -> None:
    """Give the event loop the few turns in which it closes generators that were dropped."""
    if STREAMS_FORM_CYCLES:
        gc.collect()
    for _ in range(20):
        await asyncio.sleep(0)


async def _close(client: AsyncClient) -> None:
    stream = await client.messages.create(**ask(), stream=True)
    await anext(stream)
    await stream.close()


async def _break(client: AsyncClient) -> None:
    stream = await client.messages.create(**ask(), stream=True)
    async for _ in stream:
        break
    del stream
    await loop_turns()


async def _leave_helper(client: AsyncClient) -> None:
    async with client.messages.stream(**ask()) as stream:
        await anext(stream)


async def _raise_in_loop(client: AsyncClient) -> None:
    async def divide() -> None:
        async with await client.messages.create(**ask(), stream=True) as stream:
            async for _ in stream:
                1 / 0  # noqa: B018  # the caller's own mistake

    with pytest.raises(ZeroDivisionError):
        await divide()


async def _cancel_between_events(client: AsyncClient) -> None:
    started = asyncio.Event()

    async def read() -> None:
        async for _ in await client.messages.create(**ask(), stream=True):
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    del task, caught
    await loop_turns()


@pytest.mark.parametrize(
    "leave", [_close, _break, _leave_helper, _raise_in_loop, _cancel_between_events]
)
async def test_an_async_stream_left_early_is_an_estimate(
    async_client: AsyncClient,
    spans: Spans,
    leave: Callable[[AsyncClient], Awaitable[None]],
) -> None:
    """What is left early is one span with the counts known so far, marked as an estimate."""
    await leave(async_client)
    attributes = spans.attributes()

    assert ending(attributes) == ("closed", None, *INCOMPLETE)
    assert attributes["gen_ai.usage.input_tokens"] == 5525
    assert spans.only().status.status_code is StatusCode.UNSET


@pytest.mark.skipif(STREAMS_FORM_CYCLES, reason="this SDK's dropped streams wait for the collector")
async def test_a_dropped_async_stream_ends_without_the_garbage_collector(
    async_client: AsyncClient, spans: Spans
) -> None:
    """An async stream dropped unread ends at once."""
    gc.disable()
    try:
        stream = await async_client.messages.create(**ask(), stream=True)
        del stream
    finally:
        gc.enable()

    assert ending(spans.attributes()) == ("dropped", None, "unpriced", "usage_unknown")


@pytest.mark.parametrize("helper", [False, True], ids=["create", "stream"])
@pytest.mark.parametrize(
    ("directive", "error_type"),
    [("error_after_events", "overloaded_error"), ("cut_after_events", "client_error")],
)
async def test_an_error_in_an_async_stream_reaches_the_caller(
    async_client: AsyncClient, spans: Spans, directive: str, error_type: str, helper: bool
) -> None:
    """An async stream that breaks raises in the caller's loop, and is one failed span."""
    request = ask(**{directive: 3})

    async def read() -> None:
        if helper:
            async with async_client.messages.stream(**request) as stream:
                await stream.get_final_message()
        else:
            async for _ in await async_client.messages.create(**request, stream=True):
                pass

    with pytest.raises(Exception, match=r".") as caught:
        await read()

    assert type(caught.value).__module__.partition(".")[0] in {"anthropic", "httpx", "httpx2"}
    assert ending(spans.attributes()) == ("failed", error_type, *INCOMPLETE)


async def test_an_async_body_cut_short_is_a_failure(
    async_client: AsyncClient, spans: Spans
) -> None:
    """A stream that ends before `message_stop` raises nothing, but its span has failed."""
    request = ask(end_after_events=3)
    [_ async for _ in await async_client.messages.create(**request, stream=True)]

    assert ending(spans.attributes()) == ("failed", "api_error", *INCOMPLETE)


async def test_a_stream_cancelled_before_its_first_event(
    async_client: AsyncClient, spans: Spans
) -> None:
    """A task cancelled while it waits for the stream to open is a cancelled call."""
    task = asyncio.ensure_future(async_client.messages.create(**ask(delay_s=30), stream=True))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert ending(spans.attributes()) == ("cancelled", None, "unpriced", "usage_unknown")


@pytest.mark.parametrize("same_context", [True, False])
def test_a_stream_begun_here_and_ended_in_another_thread(
    client: Client, spans: Spans, same_context: bool
) -> None:
    """A stream may change hands in the middle, also to a thread with another context."""
    stream = client.messages.create(**ask(), stream=True)
    next(stream)
    context = contextvars.copy_context() if same_context else contextvars.Context()
    thread = threading.Thread(target=context.run, args=(list, stream))
    thread.start()
    thread.join()

    assert ending(spans.attributes()) == ("completed", None, "priced")


async def test_a_stream_begun_here_and_ended_in_another_task(
    async_client: AsyncClient, spans: Spans
) -> None:
    """An async stream may change tasks in the middle."""
    stream = await async_client.messages.create(**ask(), stream=True)
    await anext(stream)

    async def read_on() -> None:
        async for _ in stream:
            pass

    await asyncio.create_task(read_on())

    assert ending(spans.attributes()) == ("completed", None, "priced")


def test_two_streams_read_in_turns(client: Client, spans: Spans) -> None:
    """Two streams open at once, read in turns, keep their own counts."""
    one = client.messages.create(**ask(usage={"input_tokens": 1, "output_tokens": 50}), stream=True)
    two = client.messages.create(**ask(usage={"input_tokens": 2, "output_tokens": 60}), stream=True)
    while [next(stream, None) for stream in (one, two)] != [None, None]:
        pass
    counts = {
        (facts["gen_ai.usage.input_tokens"], facts["gen_ai.usage.output_tokens"])
        for facts in ((span.attributes or {}) for span in spans.all())
    }

    assert counts == {(1, 50), (2, 60)}
    assert len(spans.all()) == 2


async def test_concurrent_streams_keep_their_parents(
    async_client: AsyncClient, spans: Spans
) -> None:
    """Streams read at the same time belong each to the span that opened it."""
    tracer = trace.get_tracer("test", tracer_provider=spans.provider)

    async def answer(number: int) -> tuple[int, int]:
        with tracer.start_as_current_span(f"request {number}") as parent:
            request = ask(usage={"output_tokens": 50 + number})
            async with async_client.messages.stream(**request) as stream:
                await stream.until_done()
            assert trace.get_current_span() is parent
            return parent.get_span_context().span_id, 50 + number

    expected = dict(await asyncio.gather(*map(answer, range(4))))
    calls = [span for span in spans.all() if span.name.startswith("chat")]

    assert {
        span.parent.span_id: (span.attributes or {})["gen_ai.usage.output_tokens"]
        for span in calls
        if span.parent is not None
    } == expected
    assert len(calls) == 4


USAGES: dict[str, tuple[dict[str, Any], dict[str, int]]] = {
    "the split of `message_start` is kept": (
        {"usage_delta": {}},
        {"5m": 500, "1h": 1000, "written": 1500, "input": 5525},
    ),
    "writes beyond the split are for five minutes": (
        {"usage_delta": {"cache_creation_input_tokens": 1512}},
        {"5m": 512, "1h": 1000, "written": 1512, "input": 5537},
    ),
    "input that grows is the last that was told": (
        {"usage_start": {"input_tokens": 25}, "usage_delta": {"input_tokens": 7072}},
        {"5m": 500, "1h": 1000, "written": 1500, "input": 12572},
    ),
    "null in the delta keeps what was known": (
        {
            "usage_delta": {
                "input_tokens": None,
                "cache_creation_input_tokens": None,
                "cache_read_input_tokens": None,
            }
        },
        {"5m": 500, "1h": 1000, "written": 1500, "input": 5525},
    ),
}
NAMES = {
    "5m": "anthropic.usage.cache_creation.ephemeral_5m_input_tokens",
    "1h": "anthropic.usage.cache_creation.ephemeral_1h_input_tokens",
    "written": "gen_ai.usage.cache_write.input_tokens",
    "input": "gen_ai.usage.input_tokens",
}


@pytest.mark.parametrize("rule", USAGES)
def test_cumulative_usage(client: Client, spans: Spans, rule: str) -> None:
    """The delta's counts overwrite and never add; what it leaves out stands."""
    directives, expected = USAGES[rule]
    list(client.messages.create(**ask(**directives), stream=True))
    attributes = spans.attributes()

    assert {name: attributes[NAMES[name]] for name in expected} == expected
    assert attributes["gen_ai.usage.output_tokens"] == 321
    assert attributes["spanledger.cost.status"] == "priced"
    assert attributes["spanledger.usage.complete"] is True


@pytest.mark.parametrize("rule", USAGES)
async def test_cumulative_usage_read_as_lines(
    async_client: AsyncClient, spans: Spans, rule: str
) -> None:
    """Who reads the events as lines gets the same span."""
    directives, expected = USAGES[rule]
    async with async_client.messages.with_streaming_response.create(
        **ask(**directives), stream=True
    ) as response:
        [_ async for _ in response.iter_lines()]
    attributes = spans.attributes()

    assert {name: attributes[NAMES[name]] for name in expected} == expected
    assert attributes["gen_ai.usage.output_tokens"] == 321
