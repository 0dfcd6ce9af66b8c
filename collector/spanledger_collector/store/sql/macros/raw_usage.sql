-- What was used between two instants by calls of batches after a watermark, call by call?
create or replace macro raw_usage(t0, t1, after_batch, upto_batch := null, keys := null) as table
select
    start_time as moment,
    service,
    team,
    feature,
    environment,
    provider,
    model,
    workspace_id,
    operation,
    outcome,
    cost_status,
    user_id,
    session_id,
    1 as requests,
    if(operation = 'chat', 1, 0) as calls,
    if(outcome = 'failed', 1, 0) as errors,
    if(cost_status = 'unpriced', 1, 0) as unpriced_calls,
    if(cost_status = 'estimated', 1, 0) as estimated_calls,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    thinking_tokens,
    web_search_requests,
    retries,
    duration_ns,
    cost_usd,
    input_usd,
    output_usd,
    cache_read_usd,
    cache_write_5m_usd,
    cache_write_1h_usd,
    web_search_usd,
    list_usd
from calls
where
    start_time >= t0
    and start_time < t1
    and batch_id > after_batch
    and (upto_batch is null or batch_id <= upto_batch)
    and (keys is null or list_contains(keys, call_key))
