"""The one table of telemetry names: every attribute that is written or read is named here.

`gen_ai.*` follows the OpenTelemetry GenAI semantic conventions, whose names still move: write the
newest, read old and new. `anthropic.*` is what the convention lacks, under the names of the SDK's
own spans where it has one. `spanledger.*` is ours alone. `docs/telemetry.md` explains each.
"""

from __future__ import annotations

from typing import Final

SCOPE: Final = "spanledger"

# --- GenAI semantic conventions ---------------------------------------------------------------
OPERATION_NAME: Final = "gen_ai.operation.name"
PROVIDER_NAME: Final = "gen_ai.provider.name"
REQUEST_MODEL: Final = "gen_ai.request.model"
REQUEST_MAX_TOKENS: Final = "gen_ai.request.max_tokens"
REQUEST_STREAM: Final = "gen_ai.request.stream"
RESPONSE_MODEL: Final = "gen_ai.response.model"
RESPONSE_ID: Final = "gen_ai.response.id"
FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
CONVERSATION_ID: Final = "gen_ai.conversation.id"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
"""Inclusive: uncached input + cache reads + cache writes, as the convention says."""
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
CACHE_READ_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
CACHE_WRITE_TOKENS: Final = "gen_ai.usage.cache_write.input_tokens"
REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

# Content, written only when its capture is switched on.
INPUT_MESSAGES: Final = "gen_ai.input.messages"
OUTPUT_MESSAGES: Final = "gen_ai.output.messages"
SYSTEM_INSTRUCTIONS: Final = "gen_ai.system_instructions"
TOOL_DEFINITIONS: Final = "gen_ai.tool.definitions"

# Metrics.
METRIC_TOKEN_USAGE: Final = "gen_ai.client.token.usage"
METRIC_DURATION: Final = "gen_ai.client.operation.duration"
METRIC_FIRST_CHUNK: Final = "gen_ai.client.operation.time_to_first_chunk"
METRIC_COST: Final = "spanledger.cost"
TOKEN_TYPE: Final = "gen_ai.token.type"

# --- General semantic conventions --------------------------------------------------------------
ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"
HTTP_METHOD: Final = "http.request.method"
HTTP_ROUTE: Final = "http.route"
HTTP_STATUS: Final = "http.response.status_code"
HTTP_RESEND_COUNT: Final = "http.request.resend_count"

USER_ID: Final = "user.id"
SERVICE_NAME: Final = "service.name"
HOST_NAME: Final = "host.name"
SERVICE_VERSION: Final = "service.version"
ENVIRONMENT: Final = "deployment.environment.name"
ENVIRONMENT_OLD: Final = "deployment.environment"

# --- What may stand in a span or a resource in place of a tag -----------------------------------
RESOURCE_TEAM: Final = "spanledger.team"
RESOURCE_TEAM_PLAIN: Final = "team"

# --- What the convention lacks, under the SDK's native names where it has one -------------------
REQUEST_ID: Final = "anthropic.request.id"
ORGANIZATION_ID: Final = "anthropic.organization.id"
WORKSPACE_ID: Final = "anthropic.workspace.id"
STOP_REASON: Final = "anthropic.message.stop_reason"
CACHE_WRITE_5M_TOKENS: Final = "anthropic.usage.cache_creation.ephemeral_5m_input_tokens"
CACHE_WRITE_1H_TOKENS: Final = "anthropic.usage.cache_creation.ephemeral_1h_input_tokens"
WEB_SEARCH_REQUESTS: Final = "anthropic.usage.server_tool_use.web_search_requests"
WEB_FETCH_REQUESTS: Final = "anthropic.usage.server_tool_use.web_fetch_requests"
ITERATIONS: Final = "anthropic.usage.iterations"
"""JSON text: the API's `usage.iterations` list, when the response carried one."""
SERVICE_TIER: Final = "anthropic.response.service_tier"
SPEED: Final = "anthropic.response.speed"
INFERENCE_GEO: Final = "anthropic.response.inference_geo"
FALLBACK_CREDIT: Final = "anthropic.usage.fallback_credit.status"
CACHE_MISS_REASON: Final = "anthropic.diagnostics.cache_miss_reason"
CACHE_MISSED_TOKENS: Final = "anthropic.diagnostics.cache_missed_input_tokens"
METADATA_USER_ID: Final = "anthropic.request.metadata.user_id"
COUNTED_TOKENS: Final = "anthropic.message.count_tokens.input_tokens"
BATCH_ID: Final = "anthropic.message.batch.id"
BATCH_CUSTOM_ID: Final = "anthropic.message.batch.custom_id"
BATCH_RESULT: Final = "anthropic.message.batch.result"
"""`succeeded`, `errored`, `canceled` or `expired`."""
BATCH_REQUEST_COUNT: Final = "anthropic.message.batch.request_count"
RATELIMIT_PREFIX: Final = "anthropic.ratelimit."
"""Then `{requests|tokens|input_tokens|output_tokens}.{limit|remaining|reset}`."""

# --- Ours alone ---------------------------------------------------------------------------------
OUTCOME: Final = "spanledger.outcome"
"""`completed`, `failed`, `closed` (stream left early), `dropped` (never read) or `cancelled`."""
USAGE_COMPLETE: Final = "spanledger.usage.complete"
"""False when a stream ended before its final counts: the tokens are a lower bound."""
REQUEST_SENT: Final = "spanledger.request.sent"
"""Written, as False, only when the request never reached the API, so nothing was billed."""
OUTPUT_TOKENS_PER_SECOND: Final = "spanledger.output_tokens_per_second"
"""Of a stream that was read to its end: output tokens over the time from its first chunk."""
COST_USD: Final = "spanledger.cost.usd"
COST_PICODOLLARS: Final = "spanledger.cost.picodollars"
"""The exact cost as an integer of 10^-12 USD; `spanledger.cost.usd` is its nearest double."""
COST_INPUT_USD: Final = "spanledger.cost.input_usd"
COST_OUTPUT_USD: Final = "spanledger.cost.output_usd"
COST_CACHE_READ_USD: Final = "spanledger.cost.cache_read_usd"
COST_CACHE_WRITE_5M_USD: Final = "spanledger.cost.cache_write_5m_usd"
COST_CACHE_WRITE_1H_USD: Final = "spanledger.cost.cache_write_1h_usd"
COST_WEB_SEARCH_USD: Final = "spanledger.cost.web_search_usd"
COST_PARTS_USD: Final = (
    COST_INPUT_USD,
    COST_OUTPUT_USD,
    COST_CACHE_READ_USD,
    COST_CACHE_WRITE_5M_USD,
    COST_CACHE_WRITE_1H_USD,
    COST_WEB_SEARCH_USD,
)
"""In the order of `spanledger.pricing.CostParts`."""
COST_STATUS: Final = "spanledger.cost.status"
COST_REASONS: Final = "spanledger.cost.reasons"
PRICES_VERSION: Final = "spanledger.prices.version"
TAG_PREFIX: Final = "spanledger.tag."

CHAT: Final = "chat"
"""The value of `gen_ai.operation.name` for a model request, the only one that costs money."""
