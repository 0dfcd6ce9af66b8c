"""The one table of the names that others give to the same facts: newest first, older behind.

Our own names, and those that we share with the conventions, stand in `spanledger.semconv`.
"""

from __future__ import annotations

from typing import Final

from spanledger import semconv

# --- What was asked, of whom --------------------------------------------------------------------
PROVIDER: Final = (semconv.PROVIDER_NAME, "gen_ai.system", "llm.system", "llm.provider")
OPERATION: Final = (semconv.OPERATION_NAME, "gen_ai.request.type", "llm.request.type")
SPAN_KIND: Final = "openinference.span.kind"
REQUEST_MODEL: Final = (semconv.REQUEST_MODEL, "llm.request.model_name", "llm.model_name", "model")
RESPONSE_MODEL: Final = (semconv.RESPONSE_MODEL, "llm.response.model_name", "llm.model_name")
STREAM: Final = (
    semconv.REQUEST_STREAM,
    "gen_ai.is_streaming",
    "gen_ai.request.streaming",
    "llm.is_streaming",
)

# --- What came back -----------------------------------------------------------------------------
RESPONSE_ID: Final = (semconv.RESPONSE_ID, "gen_ai.completion.0.id")
REQUEST_ID: Final = (semconv.REQUEST_ID, "request_id")
FINISH_REASON: Final = (
    semconv.STOP_REASON,
    semconv.FINISH_REASONS,
    "gen_ai.response.finish_reason",
    "gen_ai.response.stop_reason",
    "llm.finish_reason",
    "llm.response.finish_reason",
    "llm.response.stop_reason",
    "stop_reason",
)
FIRST_CHUNK: Final = (semconv.TIME_TO_FIRST_CHUNK, "gen_ai.server.time_to_first_token")
HTTP_STATUS: Final = (semconv.HTTP_STATUS, "http.status_code", "status_code")

# --- What it used -------------------------------------------------------------------------------
INPUT: Final = (
    semconv.INPUT_TOKENS,
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
)
OUTPUT: Final = (
    semconv.OUTPUT_TOKENS,
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
)
CACHE_READ: Final = (
    semconv.CACHE_READ_TOKENS,
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
)
CACHE_WRITE: Final = (
    semconv.CACHE_WRITE_TOKENS,
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "gen_ai.usage.details.cache_creation_input_tokens",
    "llm.token_count.prompt_details.cache_write",
)
THINKING: Final = (
    semconv.REASONING_TOKENS,
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
)
USAGE_PREFIXES: Final = ("gen_ai.usage.", "llm.token_count.", "llm.usage.")
"""Attributes that begin so say that a span is one of a model."""

# --- Whom it was for ----------------------------------------------------------------------------
TEAM: Final = (
    semconv.RESOURCE_TEAM,
    semconv.RESOURCE_TEAM_PLAIN,
    "team.id",
    "team.name",
    "department",
    "department.id",
    "cost_center",
)
USER: Final = (
    semconv.USER_ID,
    "enduser.id",
    "traceloop.association.properties.user_id",
    semconv.METADATA_USER_ID,
)
SESSION: Final = (
    semconv.CONVERSATION_ID,
    "session.id",
    "traceloop.association.properties.session_id",
)
COST_TAGS: Final = ("department", "cost_center")
"""What is worth a tag where a company sets it."""
