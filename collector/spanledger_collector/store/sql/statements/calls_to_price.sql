-- What do the calls of a span of time and of batches say that decides what they cost?
select
    batch_id,
    call_key,
    start_time,
    operation,
    provider,
    request_model,
    response_model,
    http_status,
    stop_reason,
    message_id,
    request_sent,
    batch_result,
    usage_known,
    usage_complete,
    ttl_split_known,
    fallback_credit_redeemed,
    service_tier,
    speed,
    inference_geo,
    server_address,
    cast(iterations as varchar) as iterations,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    web_search_requests,
    web_fetch_requests,
    model,
    cost_status,
    cost_reasons,
    cost_usd,
    list_usd,
    input_usd,
    output_usd,
    cache_read_usd,
    cache_write_5m_usd,
    cache_write_1h_usd,
    web_search_usd
from calls
where
    start_time >= $first
    and start_time < $last
    and batch_id > $after_batch
    and batch_id <= $newest_batch
