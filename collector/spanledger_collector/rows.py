"""The rows that the ledger's tables take, field for field; no logic, no database.

Times are microseconds since 1970 UTC (durations nanoseconds), money is picodollars, ids are bytes
or unsigned integers: the store turns each into the column's type without touching it row by row.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CallRow", "MetricRow", "QuarantineRow", "Rows", "SpanRow"]


class CallRow(NamedTuple):
    """A row of `calls`, but for what the store adds: batch and time of arrival."""

    call_key: str
    trace_id: bytes
    span_id: int
    parent_span_id: int | None
    start_time: int
    duration_ns: int
    time_to_first_chunk_ns: int | None
    source: str
    service: str
    service_version: str | None
    environment: str | None
    host: str | None
    team: str | None
    feature: str | None
    user_id: str | None
    session_id: str | None
    tags: list[tuple[str, str]]
    provider: str
    operation: str
    request_model: str | None
    response_model: str | None
    model: str | None
    streamed: bool
    outcome: str
    error_type: str | None
    http_status: int | None
    retries: int
    stop_reason: str | None
    message_id: str | None
    request_id: str | None
    organization_id: str | None
    workspace_id: str | None
    input_tokens: int
    cache_read_tokens: int
    cache_write_5m_tokens: int
    cache_write_1h_tokens: int
    output_tokens: int
    thinking_tokens: int
    web_search_requests: int
    web_fetch_requests: int
    ttl_split_known: bool
    usage_known: bool
    usage_complete: bool
    request_sent: bool
    service_tier: str | None
    speed: str | None
    inference_geo: str | None
    server_address: str | None
    iterations: str | None
    fallback_credit_redeemed: bool
    cost_status: str
    cost_reasons: list[str]
    prices_version: str
    cost_usd: int | None
    input_usd: int | None
    output_usd: int | None
    cache_read_usd: int | None
    cache_write_5m_usd: int | None
    cache_write_1h_usd: int | None
    web_search_usd: int | None
    claimed_usd: int | None
    list_usd: int | None
    batch_result: str | None
    cache_miss_reason: str | None
    cache_missed_tokens: int | None
    requests_limit: int | None
    requests_remaining: int | None
    tokens_limit: int | None
    tokens_remaining: int | None
    input_tokens_limit: int | None
    input_tokens_remaining: int | None
    output_tokens_limit: int | None
    output_tokens_remaining: int | None


class SpanRow(NamedTuple):
    """A row of `spans`: a span that is no call."""

    trace_id: bytes
    span_id: int
    parent_span_id: int | None
    name: str
    kind: str
    start_time: int
    duration_ns: int
    status: str
    service: str
    scope: str
    attributes: str


class MetricRow(NamedTuple):
    """A row of `metric_points`: a point as it was sent, which never costs anything."""

    point_key: str
    """The same for every delivery of the point."""
    name: str
    unit: str | None
    kind: str
    temporality: str | None
    start_time: int | None
    time: int
    value: float
    attributes: str
    service: str
    session_id: str | None
    scope: str


class QuarantineRow(NamedTuple):
    """A row of `quarantine`: a span, log record or point that was refused, and why."""

    reason: str
    detail: str
    span: str


class Rows(NamedTuple):
    """What one request gave."""

    calls: list[CallRow]
    spans: list[SpanRow]
    quarantine: list[QuarantineRow]
    points: list[MetricRow]
    dropped: list[str]
    """The names of records that are of no interest, one each."""

    @classmethod
    def none(cls) -> Rows:
        """Nothing yet."""
        return cls([], [], [], [], [])
