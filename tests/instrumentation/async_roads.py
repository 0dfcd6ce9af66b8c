"""Every road through the async client, by the same names as those through the sync one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anthropic
import pytest

from tests.instrumentation.roads import Request, Road, Step, counting, formed, messages, posted

EARLY_S = 0.05


async def value_of(result: Any) -> Any:
    """`parse` of a raw response is a coroutine function in some versions of the SDK."""
    return await result if hasattr(result, "__await__") else result


async def every(stream: Any) -> None:
    """Read to the end."""
    async for _ in stream:
        pass


async def first(stream: Any, count: int = 1) -> None:
    """Read one event, or a few."""
    for _ in range(count):
        await anext(stream)


async def nothing(_stream: Any) -> None:
    """Leave it unread."""


def answered(call: Step) -> Road:
    """An answer that comes whole: leaving it early is cancelling the task that waits."""

    async def leave(client: anthropic.AsyncAnthropic, request: Request) -> None:
        task = asyncio.ensure_future(call(client, request))
        await asyncio.sleep(EARLY_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    return Road(call, leave)


def streamed(open_stream: Step, read: Callable[[Any], Awaitable[object]] = every) -> Road:
    """A stream in hand: leaving it early is closing it after its first event."""

    async def to_the_end(client: Any, request: Request) -> None:
        await read(await open_stream(client, request))

    async def leave(client: Any, request: Request) -> None:
        stream = await open_stream(client, request)
        await first(stream)
        await stream.close()

    return Road(to_the_end, leave)


def managed(
    manager: Step,
    read: Callable[[Any], Awaitable[object]],
    leave: Callable[[Any], Awaitable[object]] = nothing,
) -> Road:
    """What is read inside an `async with` block, and left with it."""

    async def enter(
        client: Any, request: Request, then: Callable[[Any], Awaitable[object]]
    ) -> None:
        async with await value_of(manager(client, request)) as entered:
            await then(entered)

    return Road(
        lambda client, request: enter(client, request, read),
        lambda client, request: enter(client, request, leave),
    )


def helped(manager: Step, read: Callable[[Any], Awaitable[object]] = every) -> Road:
    """The streaming helper, left after its first event."""
    return managed(manager, read, first)


async def _by_next(stream: Any) -> None:
    while await anext(stream, None) is not None:
        pass


async def _in_another_task(stream: Any) -> None:
    await asyncio.create_task(every(stream))


async def _raw(client: Any, request: Request, **more: Any) -> Any:
    response = await client.messages.with_raw_response.create(**request, **more)
    return await value_of(response.parse())


async def _events(response: Any) -> None:
    await every(await response.parse())


async def _first_event(response: Any) -> None:
    await first(await response.parse())


def _streaming_response(client: Any, request: Request) -> Any:
    return client.messages.with_streaming_response.create(**request)


def _streaming_response_of_a_stream(client: Any, request: Request) -> Any:
    return client.messages.with_streaming_response.create(**request, stream=True)


ROADS: dict[str, Road] = {
    "`create`": answered(lambda c, r: c.messages.create(**r)),
    "`parse`": answered(lambda c, r: formed(c, "parse", r)),
    "`create(stream=True)`, `for`": streamed(lambda c, r: c.messages.create(**r, stream=True)),
    "`create(stream=True)`, `next`": streamed(
        lambda c, r: c.messages.create(**r, stream=True), _by_next
    ),
    "`create(stream=True)`, `with`": managed(
        lambda c, r: c.messages.create(**r, stream=True), every, first
    ),
    "`create(stream=True)`, in another thread or task": streamed(
        lambda c, r: c.messages.create(**r, stream=True), _in_another_task
    ),
    "`stream`, events": helped(lambda c, r: c.messages.stream(**r)),
    "`stream`, `text_stream`": helped(
        lambda c, r: c.messages.stream(**r), lambda s: every(s.text_stream)
    ),
    "`stream`, `get_final_message`": helped(
        lambda c, r: c.messages.stream(**r), lambda s: s.get_final_message()
    ),
    "`stream`, `until_done`": helped(lambda c, r: c.messages.stream(**r), lambda s: s.until_done()),
    "`stream(output_format=…)`": helped(lambda c, r: formed(c, "stream", r)),
    "beta `create`": answered(lambda c, r: messages(c, beta=True).create(**r)),
    "beta `parse`": answered(lambda c, r: formed(c, "parse", r, beta=True)),
    "beta `create(stream=True)`": streamed(
        lambda c, r: messages(c, beta=True).create(**r, stream=True)
    ),
    "beta `stream`": helped(lambda c, r: messages(c, beta=True).stream(**r)),
    "`with_raw_response`, parsed": answered(_raw),
    "`with_raw_response`, unread": answered(lambda c, r: c.messages.with_raw_response.create(**r)),
    "`with_raw_response` of a stream": streamed(lambda c, r: _raw(c, r, stream=True)),
    "`with_streaming_response`, `json`": managed(_streaming_response, lambda r: r.json()),
    "`with_streaming_response`, `parse`": managed(_streaming_response, lambda r: r.parse()),
    "`with_streaming_response`, `read`": managed(_streaming_response, lambda r: r.read()),
    "`with_streaming_response`, `iter_bytes`": managed(
        _streaming_response, lambda r: every(r.iter_bytes())
    ),
    "`with_streaming_response` of a stream, lines": managed(
        _streaming_response_of_a_stream,
        lambda r: every(r.iter_lines()),
        lambda r: first(r.iter_lines(), 2),
    ),
    "`with_streaming_response` of a stream, bytes": managed(
        _streaming_response_of_a_stream,
        lambda r: every(r.iter_bytes()),
        lambda r: first(r.iter_bytes()),
    ),
    "`with_streaming_response` of a stream, events": managed(
        _streaming_response_of_a_stream, _events, _first_event
    ),
    "`with_options`": answered(lambda c, r: c.with_options(max_retries=0).messages.create(**r)),
    "`copy`": answered(lambda c, r: c.copy().messages.create(**r)),
    "plain `post`": answered(lambda c, r: c.post("/v1/messages", **posted(r))),
    "`count_tokens`": answered(counting),
}
