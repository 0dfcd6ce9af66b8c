-- What was used between two instants, exactly, from as few rows as possible? Whole hours come from
-- the rollup; the hours cut by the range's edges, and what is newer than the watermark, from calls.
-- With fine, everything comes from calls. One scan each, so that every bound prunes row groups. Who
-- asks for one dimension alone names it as `alone` (or 'all' for none) and reads far fewer rows, in
-- which the other dimensions are null.
create or replace macro usage_between(t0, t1, fine, watermark, alone := null) as table
select
    hour as moment,
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
    cast(null as varchar) as user_id,
    cast(null as varchar) as session_id,
    requests,
    calls,
    errors,
    if(cost_status = 'unpriced', requests, 0) as unpriced_calls,
    if(cost_status = 'estimated', requests, 0) as estimated_calls,
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
from calls_by_hour
where alone is null and not fine and hour >= whole_hour_after(t0) and hour < date_trunc('hour', t1)
union all
select
    hour as moment,
    if(alone = 'service', value, null) as service,
    if(alone = 'team', value, null) as team,
    if(alone = 'feature', value, null) as feature,
    if(alone = 'environment', value, null) as environment,
    if(alone = 'provider', value, null) as provider,
    if(alone = 'model', value, null) as model,
    if(alone = 'workspace_id', value, null) as workspace_id,
    if(alone = 'operation', value, null) as operation,
    if(alone = 'outcome', value, null) as outcome,
    if(alone = 'cost_status', value, null) as cost_status,
    cast(null as varchar) as user_id,
    cast(null as varchar) as session_id,
    requests,
    calls,
    errors,
    unpriced_calls,
    estimated_calls,
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
from totals_by_hour
where dimension = alone and not fine and hour >= whole_hour_after(t0) and hour < date_trunc('hour', t1)
union all
from raw_usage(t0, if(fine, t1, least(whole_hour_after(t0), t1)), -1)
union all
from raw_usage(
    if(fine, t1, greatest(whole_hour_after(t0), date_trunc('hour', t1))), t1, -1
)
union all
from raw_usage(
    if(fine, t1, whole_hour_after(t0)), if(fine, t1, date_trunc('hour', t1)), watermark
)
