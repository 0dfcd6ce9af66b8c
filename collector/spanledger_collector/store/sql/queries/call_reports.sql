-- Who reported a call, and what did each say?
-- @param trace_id trace_id = required: the trace of the call
-- @param span_id span_id = required: the span of the call
-- @param near instant = : about when it was; with it only that day, the one before and the one after are searched, which is faster
-- @param limit integer(1..1000) = 100: rows at most
-- @param team texts = : only calls of this team; repeat it for more, `(none)` for missing
-- @derived near_first near_last row_limit
-- @returns counted source matched_by trace_id span_id start_time received_at outcome model input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens cost_status cost_reasons cost_usd claimed_usd message_id request_id
-- @note The first row is the report that counts; the others are evidence and are in no sum. `cost_usd` is what each would come to by itself.
with counted as (
    select *
    from calls
    where
        trace_id = cast($trace_id as uuid)
        and span_id = cast($span_id as ubigint)
        and start_time >= $near_first
        and start_time < $near_last
        and matches(team, $team)
),

reports as (
    select true as counted, cast(null as varchar) as matched_by, * from counted
    union all by name
    select false as counted, call_reports.* exclude (counted_key)
    from call_reports
    where
        start_time >= $near_first
        and start_time < $near_last
        and counted_key in (select call_key from counted)
)

select
    counted,
    source,
    matched_by,
    hex_of(trace_id) as trace_id,
    printf('%016x', span_id) as span_id,
    reports.start_time at time zone 'UTC' as start_time,
    reports.received_at at time zone 'UTC' as received_at,
    outcome,
    model,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    cost_status,
    cost_reasons,
    cost_usd,
    claimed_usd,
    message_id,
    request_id
from reports
order by counted desc, reports.received_at, source
limit $row_limit
