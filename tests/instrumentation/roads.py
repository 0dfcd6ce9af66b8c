"""Every road through the sync client: how its answer is read, and how one leaves it early."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

import anthropic
import pydantic
import pytest

from tests.instrumentation.support import REQUEST

Request = dict[str, Any]
Step = Callable[[Any, Request], Any]

IMPATIENT = anthropic.Timeout(30.0, read=0.05)
"""Gives up on an answer that takes its time, never on connecting."""


class Road(NamedTuple):
    """One way to make a call; the async client's steps are coroutine functions."""

    read: Step
    """Make the call and read its answer to the end."""
    leave: Step
    """Make the call and let go of its answer: unread, or after its first event."""


class Verdict(pydantic.BaseModel):
    """What the model is asked to answer where the answer has a form."""

    text: str


def messages(client: Any, *, beta: bool = False) -> Any:
    """The client's resource, or its beta twin, where this SDK has one."""
    if beta and not hasattr(getattr(client, "beta", None), "messages"):
        pytest.skip("this SDK has no beta messages")
    return client.beta.messages if beta else client.messages


def counting(client: Any, request: Request) -> Any:
    """Count a request's tokens, where this SDK can."""
    if not hasattr(client.messages, "count_tokens"):
        pytest.skip("this SDK cannot count tokens")
    return client.messages.count_tokens(**counted(request))


def formed(client: Any, method: str, request: Request, *, beta: bool = False) -> Any:
    """Call a method that gives the answer a form, where this SDK has it."""
    resource = messages(client, beta=beta)
    if not hasattr(resource, "parse"):
        pytest.skip("this SDK cannot parse answers")
    return getattr(resource, method)(**request, output_format=Verdict)


def counted(request: Request) -> Request:
    """The part of a request that counting tokens takes."""
    return {key: value for key, value in request.items() if key != "max_tokens"}


def posted(request: Request) -> Request:
    """The request as arguments of a client's plain `post`."""
    body = {key: request[key] for key in REQUEST}
    return {"body": body, "cast_to": object, "options": {"headers": request["extra_headers"]}}


def answered(call: Step) -> Road:
    """An answer that comes whole: leaving it early is not waiting for it."""

    def leave(client: anthropic.Anthropic, request: Request) -> None:
        with pytest.raises(anthropic.APITimeoutError):
            call(client.with_options(timeout=IMPATIENT), request)

    return Road(call, leave)


def streamed(open_stream: Step, read: Callable[[Any], object] = list) -> Road:
    """A stream in hand: leaving it early is closing it after its first event."""

    def leave(client: Any, request: Request) -> None:
        stream = open_stream(client, request)
        next(stream)
        stream.close()

    return Road(lambda client, request: read(open_stream(client, request)), leave)


def managed(
    manager: Step, read: Callable[[Any], object], leave: Callable[[Any], object] = lambda _: None
) -> Road:
    """What is read inside a `with` block, and left with it."""

    def enter(client: Any, request: Request, then: Callable[[Any], object]) -> None:
        with manager(client, request) as entered:
            then(entered)

    return Road(
        lambda client, request: enter(client, request, read),
        lambda client, request: enter(client, request, leave),
    )


def helped(manager: Step, read: Callable[[Any], object]) -> Road:
    """The streaming helper, left after its first event."""
    return managed(manager, read, lambda stream: next(iter(stream)))


def _by_next(stream: Any) -> None:
    while next(stream, None) is not None:
        pass


def _in_a_thread(stream: Any) -> None:
    asyncio.run(asyncio.to_thread(list, stream))


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
        lambda c, r: c.messages.create(**r, stream=True), list, next
    ),
    "`create(stream=True)`, in another thread or task": streamed(
        lambda c, r: c.messages.create(**r, stream=True), _in_a_thread
    ),
    "`stream`, events": helped(lambda c, r: c.messages.stream(**r), list),
    "`stream`, `text_stream`": helped(
        lambda c, r: c.messages.stream(**r), lambda s: list(s.text_stream)
    ),
    "`stream`, `get_final_message`": helped(
        lambda c, r: c.messages.stream(**r), lambda s: s.get_final_message()
    ),
    "`stream`, `until_done`": helped(lambda c, r: c.messages.stream(**r), lambda s: s.until_done()),
    "`stream(output_format=…)`": helped(lambda c, r: formed(c, "stream", r), list),
    "beta `create`": answered(lambda c, r: messages(c, beta=True).create(**r)),
    "beta `parse`": answered(lambda c, r: formed(c, "parse", r, beta=True)),
    "beta `create(stream=True)`": streamed(
        lambda c, r: messages(c, beta=True).create(**r, stream=True)
    ),
    "beta `stream`": helped(lambda c, r: messages(c, beta=True).stream(**r), list),
    "`with_raw_response`, parsed": answered(
        lambda c, r: c.messages.with_raw_response.create(**r).parse()
    ),
    "`with_raw_response`, unread": answered(lambda c, r: c.messages.with_raw_response.create(**r)),
    "`with_raw_response` of a stream": streamed(
        lambda c, r: c.messages.with_raw_response.create(**r, stream=True).parse()
    ),
    "`with_streaming_response`, `json`": managed(_streaming_response, lambda r: r.json()),
    "`with_streaming_response`, `parse`": managed(_streaming_response, lambda r: r.parse()),
    "`with_streaming_response`, `read`": managed(_streaming_response, lambda r: r.read()),
    "`with_streaming_response`, `iter_bytes`": managed(
        _streaming_response, lambda r: list(r.iter_bytes())
    ),
    "`with_streaming_response` of a stream, lines": managed(
        _streaming_response_of_a_stream,
        lambda r: list(r.iter_lines()),
        lambda r: list(islice(r.iter_lines(), 2)),
    ),
    "`with_streaming_response` of a stream, bytes": managed(
        _streaming_response_of_a_stream,
        lambda r: list(r.iter_bytes()),
        lambda r: next(r.iter_bytes()),
    ),
    "`with_streaming_response` of a stream, events": managed(
        _streaming_response_of_a_stream, lambda r: list(r.parse()), lambda r: next(r.parse())
    ),
    "`with_options`": answered(lambda c, r: c.with_options(max_retries=0).messages.create(**r)),
    "`copy`": answered(lambda c, r: c.copy().messages.create(**r)),
    "plain `post`": answered(lambda c, r: c.post("/v1/messages", **posted(r))),
    "`count_tokens`": answered(counting),
}
