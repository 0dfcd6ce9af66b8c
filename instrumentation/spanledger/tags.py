"""Who caused a call: tags that nest and follow the code across awaits and tasks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ContextDecorator, suppress
from contextvars import ContextVar, Token, copy_context
from functools import wraps
from inspect import iscoroutinefunction
from types import MappingProxyType, TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from opentelemetry import baggage as otel_baggage

_F = TypeVar("_F", bound=Callable[..., Any])
_P = ParamSpec("_P")
_R = TypeVar("_R")

MAX_TAGS = 32
MAX_LENGTH = 256

_NONE: Mapping[str, str] = MappingProxyType({})
_TAGS: ContextVar[Mapping[str, str]] = ContextVar("spanledger_tags", default=_NONE)


def current_tags(baggage: Collection[str] = ()) -> Mapping[str, str]:
    """The tags that a call started here and now would carry.

    Args:
        baggage: Names of W3C baggage entries that count as tags, unless a tag has the name.
    """
    if not baggage:
        return _TAGS.get()
    carried = otel_baggage.get_all()
    return {
        **_clean({name: carried[name] for name in baggage if name in carried}),
        **_TAGS.get(),
    }


def carry(func: Callable[_P, _R]) -> Callable[_P, _R]:
    """Bind a function to the tags of here and now, for a thread that would start without them.

        executor.submit(spanledger.carry(work), item)

    The whole context is carried, the current span included; the function may run in many threads
    at once, and what it changes stays its own.
    """
    context = copy_context()

    @wraps(func)
    def carried(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        return context.copy().run(func, *args, **kwargs)

    return carried


class tags(ContextDecorator):
    """Attribute every call inside to a team, a feature, a user, a session or anything else.

    Use it around a block or as a function's decorator; blocks nest, and the inner value wins.
    Tags follow `await` and new asyncio tasks; `carry` takes them into threads.

        with spanledger.tags(team="search", feature="summaries", user=user.id):
            client.messages.create(...)

    Values are recorded as text. `None` leaves a tag out. Names and values beyond 256 characters
    are cut, and no more than 32 tags are kept.
    """

    def __init__(self, **values: object) -> None:
        self._values = values
        self._tokens: list[Token[Mapping[str, str]]] = []

    def __enter__(self) -> None:
        merged = {**_TAGS.get(), **_clean(self._values)}
        self._tokens.append(_TAGS.set(dict(list(merged.items())[:MAX_TAGS])))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # A generator, such as a web framework's dependency, may be left in another context than it
        # was entered in; the tags ended with the first one then.
        with suppress(ValueError):
            _TAGS.reset(self._tokens.pop())

    def __call__(self, func: _F) -> _F:
        """Tag every call that a function makes, whether it is plain or a coroutine function."""
        if not iscoroutinefunction(func):
            return super().__call__(func)

        @wraps(func)
        async def tagged(*args: object, **kwargs: object) -> Any:
            with self._recreate_cm():
                return await func(*args, **kwargs)

        return cast("_F", tagged)

    def _recreate_cm(self) -> tags:
        """One instance for each call of a decorated function, which may run in many threads."""
        return tags(**self._values)


def _clean(values: Mapping[str, object]) -> dict[str, str]:
    return {
        name[:MAX_LENGTH]: str(value)[:MAX_LENGTH]
        for name, value in values.items()
        if value is not None
    }
