-- What was spent on each of the last local days, those without calls included?
-- @param as_of instant = now: what counts as now; the day it lies in is the last, and incomplete
-- @param days integer(1..800) = 62: how many days
-- @param tz zone = UTC: time zone in which days begin
-- @filters
-- @derived fine alone day_edges first_day
-- @returns day day_start day_end complete
-- @measures
-- @note A forecast to the end of the month starts from these days.
with days as (
    select
        cast(edge.day as date) as day,
        edge.first as first,
        edge.last as last
    from (select unnest(cast($day_edges as struct(day varchar, first timestamp, last timestamp)[])) as edge)
),

used as (
    select quarter_of(moment) as slot, *
    from
        usage_of(
            $first_day, $as_of, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status, alone := $alone
        )
),

counted as (
    from used
    asof inner join days on used.slot >= days.first
)

select
    days.day,
    any_value(days.first) at time zone 'UTC' as day_start,
    any_value(days.last) at time zone 'UTC' as day_end,
    any_value(days.last) <= cast($as_of as timestamp) as complete,
    if(whole(sum(requests)) = 0, 0, sum(cost_usd)) as cost_usd,
    sum(input_usd) as input_usd,
    sum(output_usd) as output_usd,
    sum(cache_read_usd) as cache_read_usd,
    sum(cache_write_5m_usd) + sum(cache_write_1h_usd) as cache_write_usd,
    sum(web_search_usd) as web_search_usd,
    sum(list_usd) as list_usd,
    whole(sum(calls)) as calls,
    whole(sum(requests)) as requests,
    whole(sum(errors)) as errors,
    whole(sum(unpriced_calls)) as unpriced_calls,
    whole(sum(estimated_calls)) as estimated_calls,
    whole(sum(input_tokens)) as input_tokens,
    whole(sum(cache_read_tokens)) as cache_read_tokens,
    whole(sum(cache_write_5m_tokens)) as cache_write_5m_tokens,
    whole(sum(cache_write_1h_tokens)) as cache_write_1h_tokens,
    whole(sum(output_tokens)) as output_tokens,
    whole(sum(thinking_tokens)) as thinking_tokens,
    whole(sum(web_search_requests)) as web_search_requests,
    whole(sum(retries)) as retries,
    whole(sum(duration_ns)) as duration_ns
from days
left join counted using (day)
group by days.day
order by days.day
