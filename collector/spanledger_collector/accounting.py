"""What a call goes into the books as: priced anew from its usage, whatever its sender claims."""

from __future__ import annotations

from typing import Final

from spanledger.pricing import PriceBook, Usage
from spanledger_collector.dialects import Absurd, Call
from spanledger_collector.prices.billing import cost_of, with_unknown
from spanledger_collector.rows import CallRow
from spanledger_collector.spans import Span

__all__ = ["call_row", "parent_of"]

MAX_PICODOLLARS: Final = 10**18
"""What DECIMAL(18, 12) holds; a call of a million dollars is beyond belief anyway."""
_NO_USAGE = Usage()


def call_row(span: Span, call: Call, prices: PriceBook) -> CallRow:
    """Enter a call.

    Raises:
        Absurd: it would cost more than the ledger can hold.
    """
    duration_ns = span.end_ns - span.start_ns if call.duration_ns is None else call.duration_ns
    start_ns = span.end_ns - duration_ns
    cost = cost_of(call, start_ns, prices)
    if max(cost.picodollars or 0, cost.list_picodollars or 0) >= MAX_PICODOLLARS:
        raise Absurd("absurd_cost", f"it would cost {cost.usd} USD")
    if call.usage is not None:
        cost = with_unknown(cost, call.unknown)
    usage = call.usage or _NO_USAGE
    parts = cost.parts
    limits = call.limits
    return CallRow(
        call_key=call.message_id
        or call.request_id
        or f"{span.trace_id.hex()}:{span.span_id.hex()}",
        trace_id=span.trace_id,
        span_id=int.from_bytes(span.span_id, "big"),
        parent_span_id=parent_of(span),
        start_time=start_ns // 1000,
        duration_ns=duration_ns,
        time_to_first_chunk_ns=call.time_to_first_chunk_ns,
        source=call.source,
        service=call.service,
        service_version=call.service_version,
        environment=call.environment,
        host=call.host,
        team=call.team,
        feature=call.feature,
        user_id=call.user_id,
        session_id=call.session_id,
        tags=list(call.tags.items()),
        provider=call.provider,
        operation=call.operation,
        request_model=call.request_model,
        response_model=call.response_model,
        model=cost.model or call.response_model or call.request_model,
        streamed=call.streamed,
        outcome=call.outcome,
        error_type=call.error_type,
        http_status=call.http_status,
        retries=call.retries,
        stop_reason=call.stop_reason,
        message_id=call.message_id,
        request_id=call.request_id,
        organization_id=call.organization_id,
        workspace_id=call.workspace_id,
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        cache_write_5m_tokens=usage.cache_write_5m_tokens,
        cache_write_1h_tokens=usage.cache_write_1h_tokens,
        output_tokens=usage.output_tokens,
        thinking_tokens=usage.thinking_tokens,
        web_search_requests=usage.web_search_requests,
        web_fetch_requests=usage.web_fetch_requests,
        ttl_split_known=usage.ttl_split_known,
        usage_known=call.usage is not None,
        usage_complete=call.usage_complete,
        request_sent=call.sent,
        batch_result=call.batch_result,
        service_tier=usage.service_tier,
        speed=usage.speed,
        inference_geo=usage.inference_geo,
        server_address=call.server_address,
        iterations=call.iterations,
        fallback_credit_redeemed=usage.fallback_credit_redeemed,
        cost_status=cost.status,
        cost_reasons=list(cost.reasons),
        prices_version=cost.prices_version,
        cost_usd=cost.picodollars,
        input_usd=parts and parts.input,
        output_usd=parts and parts.output,
        cache_read_usd=parts and parts.cache_read,
        cache_write_5m_usd=parts and parts.cache_write_5m,
        cache_write_1h_usd=parts and parts.cache_write_1h,
        web_search_usd=parts and parts.web_search,
        claimed_usd=call.claimed_picodollars,
        list_usd=cost.list_picodollars,
        cache_miss_reason=call.cache_miss_reason,
        cache_missed_tokens=call.cache_missed_tokens,
        requests_limit=limits.requests_limit,
        requests_remaining=limits.requests_remaining,
        tokens_limit=limits.tokens_limit,
        tokens_remaining=limits.tokens_remaining,
        input_tokens_limit=limits.input_tokens_limit,
        input_tokens_remaining=limits.input_tokens_remaining,
        output_tokens_limit=limits.output_tokens_limit,
        output_tokens_remaining=limits.output_tokens_remaining,
    )


def parent_of(span: Span) -> int | None:
    """Read the parent's id; none, or all zero, means that the span is a root."""
    return int.from_bytes(span.parent_span_id, "big") or None
