"""What the dialects of the GenAI conventions have in common: one reader of all names; pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from spanledger import semconv
from spanledger_collector.dialects import names
from spanledger_collector.dialects.call import Call
from spanledger_collector.dialects.counts import Counted
from spanledger_collector.dialects.errors import Failure, failure_of
from spanledger_collector.dialects.finishing import CUT, stop_reason_of
from spanledger_collector.dialects.providers import claude_provider
from spanledger_collector.dialects.reading import (
    MAX_SMALL,
    count_of,
    is_true,
    seconds_as_ns,
    text,
    text_of,
)
from spanledger_collector.spans import Attributes, Span

__all__ = ["COUNT_TOKENS", "Asked", "asked_of", "ended", "read_call_of"]

COUNT_TOKENS: Final = "count_tokens"
_MODEL_REQUESTS: Final = frozenset(
    {"chat", "completion", "generate_content", "messages", "text_completion"}
)


class Asked(NamedTuple):
    """Which model a request went to, and where."""

    provider: str
    request_model: str | None
    response_model: str | None


def asked_of(span: Span, *, unless_told: bool) -> Asked | None:
    """Tell what one request of Claude asked for; None for agents, chains, tools and other models.

    Args:
        span: the span.
        unless_told: whether it is a request of a model when it names no operation.
    """
    facts = span.attributes
    operation = text_of(facts, *names.OPERATION)
    if not (unless_told if operation is None else operation.lower() in _MODEL_REQUESTS):
        return None
    request_model = text_of(facts, *names.REQUEST_MODEL) or _model_in(span.name)
    response_model = text_of(facts, *names.RESPONSE_MODEL)
    provider = claude_provider(facts, request_model, response_model)
    return None if provider is None else Asked(provider, request_model, response_model)


def read_call_of(
    span: Span, asked: Asked, source: str, counted: Counted, *, streamed: bool = False
) -> Call:
    """Read a model request whose usage is known already.

    Args:
        span: the span.
        asked: what it asked for.
        source: who reports it.
        counted: its usage.
        streamed: whether it was a stream, if its attributes do not say so.

    Raises:
        Absurd: its values are beyond belief.
    """
    facts = span.attributes
    call = Call(
        source=source,
        provider=asked.provider,
        operation=semconv.CHAT,
        request_model=asked.request_model,
        response_model=asked.response_model,
        streamed=streamed or is_true(facts, *names.STREAM),
        retries=count_of(facts, semconv.HTTP_RESEND_COUNT, limit=MAX_SMALL) or 0,
        message_id=_message_id(facts),
        request_id=_request_id(facts),
        organization_id=text(facts, semconv.ORGANIZATION_ID),
        workspace_id=text(facts, semconv.WORKSPACE_ID),
        server_address=text(facts, semconv.SERVER_ADDRESS),
        time_to_first_chunk_ns=_first_chunk(facts),
        usage=counted.usage,
        unknown=counted.unknown,
    )
    return ended(call, stop_reason_of(facts), failure_of(span))


def ended(call: Call, stop_reason: str | None, failure: Failure) -> Call:
    """Add how it ended: a stream without a stop reason was left early, or cut."""
    outcome, error_type, http_status = failure
    stopped = stop_reason is not None and stop_reason != CUT
    if stop_reason == CUT and outcome == "completed":
        outcome, error_type = "failed", "api_error"
    if outcome == "completed" and call.streamed and not stopped:
        outcome = "closed"
    whole = stopped or (outcome == "completed" and not call.streamed)
    return call._replace(
        outcome=outcome,
        error_type=error_type,
        http_status=http_status,
        stop_reason=stop_reason if stopped else None,
        usage_complete=call.usage is not None and whole,
    )


def _model_in(name: str) -> str | None:
    """The model in the name that the convention gives a span."""
    operation, _, model = name.partition(" ")
    return model if operation == semconv.CHAT and model and " " not in model else None


def _message_id(facts: Attributes) -> str | None:
    found = text_of(facts, *names.RESPONSE_ID)
    return None if found is None or found.startswith("req_") else found


def _request_id(facts: Attributes) -> str | None:
    told = text_of(facts, *names.REQUEST_ID)
    response_id = text(facts, semconv.RESPONSE_ID) or ""
    return told or (response_id if response_id.startswith("req_") else None)


def _first_chunk(facts: Attributes) -> int | None:
    found = (seconds_as_ns(facts, name) for name in names.FIRST_CHUNK)
    return next((value for value in found if value is not None), None)
