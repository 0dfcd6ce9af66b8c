-- What is known about one call?
-- @param trace_id trace_id = required: the trace of the call
-- @param span_id span_id = required: the span of the call
-- @param near instant = : about when it was; with it only that day, the one before and the one after are searched, which is faster
-- @param team texts = : only calls of this team; repeat it for more, `(none)` for missing
-- @derived near_first near_last cache_rates
-- @returns call_key trace_id span_id parent_span_id start_time received_at duration_ns time_to_first_chunk_ns source service service_version environment host team feature user_id session_id tags provider operation request_model response_model model streamed outcome error_type http_status retries stop_reason message_id request_id organization_id workspace_id
-- @returns input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens thinking_tokens web_search_requests web_fetch_requests ttl_split_known usage_known usage_complete request_sent batch_result service_tier speed inference_geo server_address iterations cache_miss_reason cache_missed_tokens
-- @returns cost_status cost_reasons prices_version cost_usd input_usd output_usd cache_read_usd cache_write_5m_usd cache_write_1h_usd web_search_usd list_usd claimed_usd claim_difference_usd without_caching_usd in_batch_usd filled reports
-- @returns requests_limit requests_remaining tokens_limit tokens_remaining input_tokens_limit input_tokens_remaining output_tokens_limit output_tokens_remaining
-- @note What a call would have cost without caching or in a batch is worked out from what it did cost, by the rates in force on its day: null where that cannot be told, as when several models had a part in it.
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
    cast(
        case
            when cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens = 0 then cost_usd
            when json_array_length(iterations) > 1 then null
            else
                input_usd + output_usd + web_search_usd + cast(
                    round(
                        if(cache_read_tokens = 0, 0, cast(cache_read_usd as double) / read)
                        + if(cache_write_5m_tokens = 0, 0, cast(cache_write_5m_usd as double) / write_5m)
                        + if(cache_write_1h_tokens = 0, 0, cast(cache_write_1h_usd as double) / write_1h),
                        12
                    ) as decimal(18, 12)
                )
        end as decimal(18, 12)
    ) as without_caching_usd,
    cast(
        case
            when service_tier = 'batch' then cost_usd
            when speed = 'fast' or json_array_length(iterations) > 1 then null
            else
                cast(round(cast(cost_usd - web_search_usd as double) * batch, 12) as decimal(18, 12))
                + web_search_usd
        end as decimal(18, 12)
    ) as in_batch_usd,
    filled,
    (select count(*) from call_reports where call_reports.counted_key = calls.call_key) as reports,
    requests_limit,
    requests_remaining,
    tokens_limit,
    tokens_remaining,
    input_tokens_limit,
    input_tokens_remaining,
    output_tokens_limit,
    output_tokens_remaining
from calls
left join
    (select * rename (model as rated_model, provider as rated_provider) from rates_of($cache_rates)) as rates
    on calls.model = rates.rated_model
    and calls.provider = rates.rated_provider
    and date_diff('day', date '1970-01-01', cast(calls.start_time as date)) >= rates.first_day
    and date_diff('day', date '1970-01-01', cast(calls.start_time as date)) < rates.last_day
where
    trace_id = cast($trace_id as uuid)
    and span_id = cast($span_id as ubigint)
    and calls.start_time >= $near_first
    and calls.start_time < $near_last
    and matches(team, $team)
