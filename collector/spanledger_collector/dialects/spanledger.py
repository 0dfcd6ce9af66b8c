"""Our own spans → calls (`docs/telemetry.md`); pure."""

from __future__ import annotations

from spanledger import semconv
from spanledger.pricing import Iteration, Usage, UsageError, iterations_from_json
from spanledger_collector.dialects.call import Absurd, Call
from spanledger_collector.dialects.limits import count_or_none, read_limits
from spanledger_collector.dialects.reading import (
    MAX_INT,
    MAX_PICODOLLARS,
    MAX_SMALL,
    UNKNOWN_SERVICE,
    count,
    first,
    flag,
    integer,
    seconds_as_ns,
    text,
)
from spanledger_collector.dialects.tags import MAX_TAGS, tags_of
from spanledger_collector.spans import Attributes, Span

__all__ = ["MAX_INT", "MAX_PICODOLLARS", "MAX_SMALL", "MAX_TAGS", "OUTCOMES", "read"]

OUTCOMES = frozenset({"completed", "failed", "closed", "dropped", "cancelled"})


def read(span: Span) -> Call | None:
    """Read a span of the scope `spanledger`; without an operation it is no model request.

    Raises:
        Absurd: its values are beyond belief.
    """
    facts = span.attributes
    operation = text(facts, semconv.OPERATION_NAME)
    if operation is None:
        return None
    iterations = _iterations_text(facts)
    usage = _usage(facts, iterations)
    tags = tags_of(facts)
    resource = span.resource
    return Call(
        source=semconv.SCOPE,
        provider=text(facts, semconv.PROVIDER_NAME) or "anthropic",
        operation=operation,
        request_model=text(facts, semconv.REQUEST_MODEL),
        response_model=text(facts, semconv.RESPONSE_MODEL),
        streamed=flag(facts, semconv.REQUEST_STREAM, default=False),
        outcome=_outcome(facts),
        error_type=text(facts, semconv.ERROR_TYPE),
        http_status=count(facts, semconv.HTTP_STATUS, MAX_SMALL),
        sent=flag(facts, semconv.REQUEST_SENT, default=True),
        batch_result=text(facts, semconv.BATCH_RESULT),
        retries=count(facts, semconv.HTTP_RESEND_COUNT, MAX_SMALL) or 0,
        stop_reason=_stop_reason(facts),
        message_id=text(facts, semconv.RESPONSE_ID),
        request_id=text(facts, semconv.REQUEST_ID),
        organization_id=text(facts, semconv.ORGANIZATION_ID),
        workspace_id=text(facts, semconv.WORKSPACE_ID),
        usage=usage,
        usage_complete=usage is not None and flag(facts, semconv.USAGE_COMPLETE, default=True),
        iterations=iterations,
        server_address=text(facts, semconv.SERVER_ADDRESS),
        time_to_first_chunk_ns=seconds_as_ns(facts, semconv.TIME_TO_FIRST_CHUNK),
        claimed_picodollars=_claim(facts),
        service=text(resource, semconv.SERVICE_NAME) or UNKNOWN_SERVICE,
        service_version=text(resource, semconv.SERVICE_VERSION),
        environment=first(
            text(resource, semconv.ENVIRONMENT), text(resource, semconv.ENVIRONMENT_OLD)
        ),
        host=text(resource, semconv.HOST_NAME),
        team=first(
            tags.get("team"),
            text(resource, semconv.RESOURCE_TEAM),
            text(resource, semconv.RESOURCE_TEAM_PLAIN),
        ),
        feature=tags.get("feature"),
        user_id=first(
            tags.get("user"), text(facts, semconv.USER_ID), text(facts, semconv.METADATA_USER_ID)
        ),
        session_id=first(tags.get("session"), text(facts, semconv.CONVERSATION_ID)),
        tags=tags,
        cache_miss_reason=text(facts, semconv.CACHE_MISS_REASON),
        cache_missed_tokens=count_or_none(facts, semconv.CACHE_MISSED_TOKENS),
        limits=read_limits(facts),
    )


def _outcome(facts: Attributes) -> str:
    outcome = text(facts, semconv.OUTCOME)
    if outcome in OUTCOMES:
        return outcome
    return "failed" if text(facts, semconv.ERROR_TYPE) else "completed"


def _stop_reason(facts: Attributes) -> str | None:
    reasons = facts.get(semconv.FINISH_REASONS)
    conventional = reasons[0] if isinstance(reasons, list) and reasons else None
    return first(
        text(facts, semconv.STOP_REASON), conventional if isinstance(conventional, str) else None
    )


def _claim(facts: Attributes) -> int | None:
    """The client's own figure, kept to be compared; the ledger never counts it."""
    claim = integer(facts, semconv.COST_PICODOLLARS)
    if claim is not None and not 0 <= claim < MAX_PICODOLLARS:
        raise Absurd("absurd_cost", f"{semconv.COST_PICODOLLARS} is {claim}")
    return claim


def _iterations_text(facts: Attributes) -> str | None:
    value = facts.get(semconv.ITERATIONS)
    return value if isinstance(value, str) and value else None


def _usage(facts: Attributes, iterations: str | None) -> Usage | None:
    """The canonical counts; the convention's input count includes what the cache read and wrote."""
    inclusive = count(facts, semconv.INPUT_TOKENS)
    output = count(facts, semconv.OUTPUT_TOKENS)
    if inclusive is None and output is None:
        return None
    read_tokens = count(facts, semconv.CACHE_READ_TOKENS) or 0
    hour = count(facts, semconv.CACHE_WRITE_1H_TOKENS)
    five_minutes = count(facts, semconv.CACHE_WRITE_5M_TOKENS)
    split = (five_minutes or 0) + (hour or 0)
    written = count(facts, semconv.CACHE_WRITE_TOKENS)
    written = split if written is None else written
    hour = min(hour or 0, written)
    uncached = (inclusive or 0) - read_tokens - written
    if uncached < 0:
        raise Absurd("absurd_count", f"{semconv.INPUT_TOKENS} is less than its cached part")
    return Usage(
        input_tokens=uncached,
        output_tokens=output or 0,
        cache_read_tokens=read_tokens,
        cache_write_5m_tokens=written - hour,
        cache_write_1h_tokens=hour,
        web_search_requests=count(facts, semconv.WEB_SEARCH_REQUESTS, MAX_INT) or 0,
        web_fetch_requests=count(facts, semconv.WEB_FETCH_REQUESTS, MAX_INT) or 0,
        thinking_tokens=count(facts, semconv.REASONING_TOKENS) or 0,
        service_tier=text(facts, semconv.SERVICE_TIER),
        speed=text(facts, semconv.SPEED),
        inference_geo=text(facts, semconv.INFERENCE_GEO),
        iterations=_iterations(iterations),
        fallback_credit_redeemed=text(facts, semconv.FALLBACK_CREDIT) == "redeemed",
        ttl_split_known=written == 0
        or semconv.CACHE_WRITE_5M_TOKENS in facts
        or semconv.CACHE_WRITE_1H_TOKENS in facts,
    )


def _iterations(listed: str | None) -> tuple[Iteration, ...]:
    try:
        return iterations_from_json(listed)
    except (UsageError, RecursionError) as error:
        raise Absurd("bad_iterations", str(error)[:300]) from error
