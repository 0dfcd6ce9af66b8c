-- What did users use between two instants, exactly, from as few rows as possible? Whole days in UTC
-- come from the rollup; the days cut by the range's edges, and what the rollup has not counted yet,
-- from calls. With fine (days of other zones, dimensions it lacks), everything comes from calls.
create or replace macro users_between(t0, t1, fine, watermark) as table
select
    day as moment,
    user_id,
    service,
    team,
    environment,
    provider,
    model,
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
from users_by_day
where not fine and day >= whole_day_after(t0) and day < date_trunc('day', t1)
union all
from raw_users(t0, if(fine, t1, least(whole_day_after(t0), t1)), -1)
union all
from raw_users(if(fine, t1, greatest(whole_day_after(t0), date_trunc('day', t1))), t1, -1)
union all
from raw_users(
    if(fine, t1, greatest(whole_day_after(t0), (select users from counted_until))),
    if(fine, t1, date_trunc('day', t1)),
    -1
)
union all
from raw_users(
    if(fine, t1, whole_day_after(t0)),
    if(fine, t1, least(date_trunc('day', t1), (select users from counted_until))),
    watermark
)
