"""Which attributes of our own spans stand in which column of `calls`."""

from __future__ import annotations

from typing import Final

from spanledger import semconv
from spanledger_collector.dialects import spanledger
from spanledger_collector.dialects.call import Limits
from spanledger_collector.dialects.reading import MAX_COUNT

__all__ = ["COUNTS", "MOST_TOKENS", "NAMES", "OPTIONAL", "TEXTS"]

TEXTS: Final = {
    "operation": semconv.OPERATION_NAME,
    "provider": semconv.PROVIDER_NAME,
    "request_model": semconv.REQUEST_MODEL,
    "response_model": semconv.RESPONSE_MODEL,
    "outcome": semconv.OUTCOME,
    "error_type": semconv.ERROR_TYPE,
    "batch_result": semconv.BATCH_RESULT,
    "stop_reason": semconv.STOP_REASON,
    "message_id": semconv.RESPONSE_ID,
    "request_id": semconv.REQUEST_ID,
    "organization_id": semconv.ORGANIZATION_ID,
    "workspace_id": semconv.WORKSPACE_ID,
    "service_tier": semconv.SERVICE_TIER,
    "speed": semconv.SPEED,
    "inference_geo": semconv.INFERENCE_GEO,
    "server_address": semconv.SERVER_ADDRESS,
    "cache_miss_reason": semconv.CACHE_MISS_REASON,
    "team": f"{semconv.TAG_PREFIX}team",
    "feature": f"{semconv.TAG_PREFIX}feature",
    "user_id": f"{semconv.TAG_PREFIX}user",
    "session_id": f"{semconv.TAG_PREFIX}session",
    "user.id": semconv.USER_ID,
    "metadata.user_id": semconv.METADATA_USER_ID,
    "conversation.id": semconv.CONVERSATION_ID,
    "fallback_credit": semconv.FALLBACK_CREDIT,
}
"""Those with a point are not columns: they stand in for one that is absent."""
OPTIONAL: Final = {
    "http_status": (semconv.HTTP_STATUS, spanledger.MAX_SMALL),
    "cache_missed_tokens": (semconv.CACHE_MISSED_TOKENS, MAX_COUNT),
    **{
        field: (semconv.RATELIMIT_PREFIX + ".".join(field.rsplit("_", 1)), MAX_COUNT)
        for field in Limits._fields
    },
}
MOST_TOKENS: Final = 10**9
_MOST_TOOL_CALLS: Final = 10**6
"""Beyond any call, and at any price less than 64 bits of picodollars; more is priced with care."""
COUNTS: Final = {
    "output_tokens": (semconv.OUTPUT_TOKENS, MOST_TOKENS),
    "cache_read_tokens": (semconv.CACHE_READ_TOKENS, MOST_TOKENS),
    "thinking_tokens": (semconv.REASONING_TOKENS, MOST_TOKENS),
    "web_search_requests": (semconv.WEB_SEARCH_REQUESTS, _MOST_TOOL_CALLS),
    "web_fetch_requests": (semconv.WEB_FETCH_REQUESTS, _MOST_TOOL_CALLS),
}
_OTHERS: Final = (
    semconv.REQUEST_STREAM,
    semconv.REQUEST_SENT,
    semconv.HTTP_RESEND_COUNT,
    semconv.FINISH_REASONS,
    semconv.TIME_TO_FIRST_CHUNK,
    semconv.COST_PICODOLLARS,
    semconv.ITERATIONS,
    semconv.USAGE_COMPLETE,
    semconv.INPUT_TOKENS,
    semconv.CACHE_WRITE_TOKENS,
    semconv.CACHE_WRITE_5M_TOKENS,
    semconv.CACHE_WRITE_1H_TOKENS,
)
NAMES: Final = (
    *TEXTS.values(),
    *(name for name, _ in (*OPTIONAL.values(), *COUNTS.values())),
    *_OTHERS,
)
"""Every attribute that decides what stands in a row."""
