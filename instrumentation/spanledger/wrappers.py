"""What runs in place of the SDK's functions: each passes everything through and tells the call.

Sync and async differ by `await` alone; what the caller gets keeps its type and its laziness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any

from opentelemetry import context

from ._guard import guard
from .call import Call
from .pipeline import Pipeline
from .propagation import with_trace_headers
from .streams import watch, watch_async, watched

pipeline: Pipeline | None = None
"""Where calls go; None while nothing is instrumented, for wrappers that somebody else wrapped."""

_KEY = "spanledger.call"
"""Under this key in the HTTP response's extensions, a stream finds the call it belongs to."""

_CALL: ContextVar[Call | None] = ContextVar("spanledger_call", default=None)

Wrapped = Callable[..., Any]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def native_tracer(native: property) -> property:
    """Hide the SDK's tracer while our span stands for the same call."""

    def tracer(client: Any) -> Any:
        call = _CALL.get()
        if call is not None and call.replaces_native:
            return None
        return native.fget(client)  # type: ignore[misc]  # a property without a getter cannot be here

    return property(tracer)


# --- the request -------------------------------------------------------------------------------


def request(wrapped: Wrapped, client: Any, args: Args, kwargs: Kwargs) -> Any:
    """`SyncAPIClient.request`."""
    call = _start(client, args, kwargs)
    if call is None:
        return wrapped(*args, **kwargs)
    if call.replaces_native:
        args, kwargs = _propagating(client, call, args, kwargs)
    with _Waiting(call):
        return _settled(call, wrapped(*args, **kwargs))


async def request_async(wrapped: Wrapped, client: Any, args: Args, kwargs: Kwargs) -> Any:
    """`AsyncAPIClient.request`."""
    call = _start(client, args, kwargs)
    if call is None:
        return await wrapped(*args, **kwargs)
    if call.replaces_native:
        args, kwargs = _propagating(client, call, args, kwargs)
    with _Waiting(call):
        return _settled(call, await wrapped(*args, **kwargs))


def _start(client: Any, args: Args, kwargs: Mapping[str, Any]) -> Call | None:
    now = pipeline  # another thread may switch it off meanwhile
    if now is None:
        return None
    with guard:
        return now.start(client, kwargs["options"] if "options" in kwargs else args[1])
    return None


def _propagating(client: Any, call: Call, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
    with guard:
        if "options" in kwargs:
            options = with_trace_headers(client, call.current, kwargs["options"])
            return args, {**kwargs, "options": options}
        cast_to, options, *rest = args
        return (cast_to, with_trace_headers(client, call.current, options), *rest), kwargs
    return args, kwargs


class _Waiting:
    """From the request's start until the SDK returns; an exception ends the call."""

    __slots__ = ("_attached", "_call", "_token")

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        call = self._call
        self._token = _CALL.set(call)
        self._attached = None if call.current is None else context.attach(call.current)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._attached is not None:
            context.detach(self._attached)
        _CALL.reset(self._token)
        if error is not None:
            self._call.fail(error)


def _settled(call: Call, result: Any) -> Any:
    """The SDK returned: the call is over unless its body is still to be read."""
    if not call.body_open:
        with guard:
            call.answer(result)
        call.succeed()
    return result


# --- the response ------------------------------------------------------------------------------


def process_response(wrapped: Wrapped, client: Any, args: Args, kwargs: Kwargs) -> Any:
    """`_process_response` of both clients, which runs once for an answer that is no error."""
    if (call := _CALL.get()) is not None:
        with guard:
            response = kwargs["response"]
            call.responded(response.status_code, response.headers, kwargs.get("retries_taken", 0))
            _observe_body(call, response, streamed=kwargs.get("stream") is True)
    return wrapped(*args, **kwargs)


def _observe_body(call: Call, response: Any, *, streamed: bool) -> None:
    """Watch a body that is still to be read, or whose events are, though its bytes are here."""
    if response.is_closed:
        call.body = response.content
    if streamed or not response.is_closed:
        response.extensions[_KEY] = call
        encoding = response.headers.get("content-encoding", "")
        response.stream = watched(response.stream, call, encoding)
        call.body_open = True


def stream(wrapped: Wrapped, stream: Any, args: Args, kwargs: Kwargs) -> Any:
    """`Stream.__stream__`."""
    source = wrapped(*args, **kwargs)
    call = _call_of(getattr(stream, "response", None))
    return source if call is None else watch(source, call)


def stream_async(wrapped: Wrapped, stream: Any, args: Args, kwargs: Kwargs) -> Any:
    """`AsyncStream.__stream__`."""
    source = wrapped(*args, **kwargs)
    call = _call_of(getattr(stream, "response", None))
    return source if call is None else watch_async(source, call)


def results(wrapped: Wrapped, decoder: Any, args: Args, kwargs: Kwargs) -> Any:
    """`JSONLDecoder.__decode__`, which reads the results of a batch."""
    source = wrapped(*args, **kwargs)
    call = _call_of(decoder.http_response)
    return source if call is None or call.results is None else call.results.watch(source)


def results_async(wrapped: Wrapped, decoder: Any, args: Args, kwargs: Kwargs) -> Any:
    """`AsyncJSONLDecoder.__decode__`."""
    source = wrapped(*args, **kwargs)
    call = _call_of(decoder.http_response)
    return source if call is None or call.results is None else call.results.watch_async(source)


def _call_of(response: Any) -> Call | None:
    extensions = getattr(response, "extensions", None)
    return extensions.get(_KEY) if isinstance(extensions, dict) else None
