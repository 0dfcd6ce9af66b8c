-- What was spent today and this month, against the same stretch of time before?
-- @param tz zone = UTC: time zone in which days and months begin
-- @param as_of instant = now: what counts as now
-- @param measures measures = : only these measures, which is faster; repeat it for more, all when there is none
-- @filters
-- @derived fine alone today yesterday yesterday_now week_ago week_ago_now month last_month last_month_now
-- @returns period period_start period_end
-- @measures
with periods as (
    from (
        values
            (1, 'today', $today, $as_of),
            (2, 'yesterday_to_now', $yesterday, $yesterday_now),
            (3, 'yesterday', $yesterday, $today),
            (4, 'week_ago_to_now', $week_ago, $week_ago_now),
            (5, 'month', $month, $as_of),
            (6, 'last_month_to_now', $last_month, $last_month_now),
            (7, 'last_month', $last_month, $month)
    ) as listed (position, period, period_start, period_end)
),

used as (
    select *
    from usage_between($last_month, $as_of, $fine, $watermark, alone := $alone)
    where
        $fine
        or date_trunc('hour', moment) not in (
            date_trunc('hour', $yesterday_now), date_trunc('hour', $week_ago_now), date_trunc('hour', $last_month_now)
        )
    union all
    from whole_hour_of($yesterday_now, $fine)
    union all
    from whole_hour_of($week_ago_now, $fine)
    union all
    from whole_hour_of($last_month_now, $fine)
),

pieces as (
    -- Added up between any two instants at which a period begins or ends.
    select
        cast(moment >= $last_month_now as integer)
        + cast(moment >= $month as integer)
        + cast(moment >= $week_ago as integer)
        + cast(moment >= $week_ago_now as integer)
        + cast(moment >= $yesterday as integer)
        + cast(moment >= $yesterday_now as integer)
        + cast(moment >= $today as integer) as piece,
        min(moment) as moment,
        sum(requests) as requests,
        sum(calls) as calls,
        sum(errors) as errors,
        sum(unpriced_calls) as unpriced_calls,
        sum(estimated_calls) as estimated_calls,
        sum(input_tokens) as input_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_write_5m_tokens) as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) as cache_write_1h_tokens,
        sum(output_tokens) as output_tokens,
        sum(thinking_tokens) as thinking_tokens,
        sum(web_search_requests) as web_search_requests,
        sum(retries) as retries,
        sum(duration_ns) as duration_ns,
        sum(cost_usd) as cost_usd,
        sum(input_usd) as input_usd,
        sum(output_usd) as output_usd,
        sum(cache_read_usd) as cache_read_usd,
        sum(cache_write_5m_usd) as cache_write_5m_usd,
        sum(cache_write_1h_usd) as cache_write_1h_usd,
        sum(web_search_usd) as web_search_usd,
        sum(list_usd) as list_usd
    from used
    where
        matches(model, $model)
        and matches(service, $service)
        and matches(team, $team)
        and matches(feature, $feature)
        and matches(environment, $environment)
        and matches(provider, $provider)
        and matches(workspace_id, $workspace_id)
        and matches(user_id, $user_id)
        and matches(outcome, $outcome)
        and matches(cost_status, $cost_status)
    group by piece
)

select
    period,
    cast(period_start as timestamp) at time zone 'UTC' as period_start,
    cast(period_end as timestamp) at time zone 'UTC' as period_end,
    sum(cost_usd) as cost_usd,
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
from periods
left join pieces on pieces.moment >= period_start and pieces.moment < period_end
group by position, period, period_start, period_end
order by position
