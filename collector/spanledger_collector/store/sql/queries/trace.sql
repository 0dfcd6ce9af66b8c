-- What happened in a trace: which spans and calls, when, under which parent, and at what cost?
-- @param trace_id trace_id = required: the trace
-- @param near instant = : about when it was; with it only that day, the one before and the one after are searched, which is faster
-- @param limit integer(1..10000) = 2000: rows at most, the earliest first
-- @param team texts = : only calls of this team; repeat it for more, `(none)` for missing
-- @derived near_first near_last row_limit
-- @returns kind span_id parent_span_id name service source start_time duration_ns status span_kind operation model outcome error_type cost_status cost_usd list_usd input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens output_tokens call_key attributes
-- @note Rows of the kind `call` carry the cost, and only they. A `report` is another report of a call that counts already, whose key it names; a `span` never costs anything. With a team only its calls and their reports are shown: spans belong to no team.
select
    'call' as kind,
    printf('%016x', span_id) as span_id,
    printf('%016x', parent_span_id) as parent_span_id,
    operation || coalesce(' ' || model, '') as name,
    service,
    source,
    calls.start_time at time zone 'UTC' as start_time,
    duration_ns,
    if(outcome = 'failed', 'error', 'unset') as status,
    'client' as span_kind,
    operation,
    model,
    outcome,
    error_type,
    cost_status,
    cost_usd,
    list_usd,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    call_key,
    cast(null as varchar) as attributes
from calls
where
    trace_id = cast($trace_id as uuid)
    and calls.start_time >= $near_first
    and calls.start_time < $near_last
    and matches(team, $team)
union all
select
    'report' as kind,
    printf('%016x', span_id) as span_id,
    printf('%016x', parent_span_id) as parent_span_id,
    operation || coalesce(' ' || model, '') as name,
    service,
    source,
    call_reports.start_time at time zone 'UTC' as start_time,
    duration_ns,
    if(outcome = 'failed', 'error', 'unset') as status,
    'client' as span_kind,
    operation,
    model,
    outcome,
    error_type,
    cost_status,
    null as cost_usd,
    null as list_usd,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    counted_key as call_key,
    cast(null as varchar) as attributes
from call_reports
where
    trace_id = cast($trace_id as uuid)
    and call_reports.start_time >= $near_first
    and call_reports.start_time < $near_last
    and matches(team, $team)
union all
select
    'span' as kind,
    printf('%016x', span_id) as span_id,
    printf('%016x', parent_span_id) as parent_span_id,
    name,
    service,
    scope as source,
    spans.start_time at time zone 'UTC' as start_time,
    duration_ns,
    status,
    kind as span_kind,
    null as operation,
    null as model,
    null as outcome,
    null as error_type,
    null as cost_status,
    null as cost_usd,
    null as list_usd,
    0 as input_tokens,
    0 as cache_read_tokens,
    0 as cache_write_5m_tokens,
    0 as cache_write_1h_tokens,
    0 as output_tokens,
    null as call_key,
    cast(attributes as varchar) as attributes
from spans
where
    trace_id = cast($trace_id as uuid)
    and spans.start_time >= $near_first
    and spans.start_time < $near_last
    and len($team) = 0
order by start_time, duration_ns desc, kind, span_id
limit $row_limit
