-- What is known about one call?
-- @param trace_id trace_id = required: the trace of the call
-- @param span_id span_id = required: the span of the call
-- @param near instant = : about when it was; with it only that day, the one before and the one after are searched, which is faster
-- @param team texts = : only calls of this team; repeat it for more, `(none)` for missing
-- @derived near_first near_last
-- @returns call_key trace_id span_id parent_span_id start_time received_at duration_ns time_to_first_chunk_ns source service service_version environment host team feature user_id session_id tags provider operation request_model response_model model streamed outcome error_type http_status retries stop_reason message_id request_id organization_id workspace_id
-- @returns input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens thinking_tokens web_search_requests web_fetch_requests ttl_split_known usage_known usage_complete request_sent batch_result service_tier speed inference_geo server_address iterations cache_miss_reason cache_missed_tokens
-- @returns cost_status cost_reasons prices_version cost_usd input_usd output_usd cache_read_usd cache_write_5m_usd cache_write_1h_usd web_search_usd list_usd claimed_usd claim_difference_usd filled reports
select
    call_key,
    hex_of(trace_id) as trace_id,
    printf('%016x', span_id) as span_id,
    printf('%016x', parent_span_id) as parent_span_id,
    start_time at time zone 'UTC' as start_time,
    received_at at time zone 'UTC' as received_at,
    duration_ns,
    time_to_first_chunk_ns,
    source,
    service,
    service_version,
    environment,
    host,
    team,
    feature,
    user_id,
    session_id,
    cast(to_json(tags) as varchar) as tags,
    provider,
    operation,
    request_model,
    response_model,
    model,
    streamed,
    outcome,
    error_type,
    http_status,
    retries,
    stop_reason,
    message_id,
    request_id,
    organization_id,
    workspace_id,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    thinking_tokens,
    web_search_requests,
    web_fetch_requests,
    ttl_split_known,
    usage_known,
    usage_complete,
    request_sent,
    batch_result,
    service_tier,
    speed,
    inference_geo,
    server_address,
    cast(iterations as varchar) as iterations,
    cache_miss_reason,
    cache_missed_tokens,
    cost_status,
    cost_reasons,
    prices_version,
    cost_usd,
    input_usd,
    output_usd,
    cache_read_usd,
    cache_write_5m_usd,
    cache_write_1h_usd,
    web_search_usd,
    list_usd,
    claimed_usd,
    cost_usd - claimed_usd as claim_difference_usd,
    filled,
    (select count(*) from call_reports where call_reports.counted_key = calls.call_key) as reports
from calls
where
    trace_id = cast($trace_id as uuid)
    and span_id = cast($span_id as ubigint)
    and calls.start_time >= $near_first
    and calls.start_time < $near_last
    and matches(team, $team)
