-- Which calls came last?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param session_id texts = : only calls of these sessions; `(none)` for missing
-- @param limit integer(1..1000) = 50: rows at most
-- @param before cursor = : only rows before this one: the `cursor` of the last row seen
-- @filters
-- @derived row_limit before_time before_span
-- @returns start_time trace_id span_id service team feature user_id model operation outcome error_type stop_reason streamed input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens thinking_tokens duration_ns time_to_first_chunk_ns cost_status cost_reasons cost_usd list_usd prices_version message_id request_id cursor
select
    start_time at time zone 'UTC' as start_time,
    hex_of(trace_id) as trace_id,
    printf('%016x', span_id) as span_id,
    service,
    team,
    feature,
    user_id,
    model,
    operation,
    outcome,
    error_type,
    stop_reason,
    streamed,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    thinking_tokens,
    duration_ns,
    time_to_first_chunk_ns,
    cost_status,
    cost_reasons,
    cost_usd,
    list_usd,
    prices_version,
    message_id,
    request_id,
    strftime(start_time, '%Y-%m-%dT%H:%M:%S.%fZ') || '/' || printf('%016x', span_id) as cursor
from calls
where
    -- Only the rows of the answer are read whole.
    rowid in (
        select row_id
        from
            calls_of(
                $start, least($end, $before_time + interval 1 microsecond), $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
            ) as passing
        where
            (start_time < $before_time or span_id < cast($before_span as ubigint))
            and matches(session_id, $session_id)
        order by start_time desc, span_id desc
        limit $row_limit
    )
order by calls.start_time desc, calls.span_id desc
