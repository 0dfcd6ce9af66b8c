-- Which users spend the most?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param sort choice(cost|calls|requests|errors|output_tokens) = cost: by what to order, the most first
-- @param after place = : only rows after this one: the `cursor` of the last row seen
-- @param limit integer(1..10000) = 100: rows at most
-- @filters
-- @derived raw_users after_value after_name row_limit
-- @returns user_id
-- @measures
-- @returns cursor
-- @note Whole days in UTC come from a rollup; filters that it lacks (feature, workspace_id, outcome, cost_status) read the calls.
with totals as (
    select
        coalesce(user_id, '(none)') as user_id,
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
    from users_of($start, $end, $raw_users, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by user_id
),

placed as (
    select
        *,
        cast(
            case $sort
                when 'cost' then coalesce(cost_usd, -1)
                when 'calls' then calls
                when 'requests' then requests
                when 'errors' then errors
                when 'output_tokens' then output_tokens
            end as decimal(32, 12)
        ) as place
    from totals
)

select * exclude (place), cast(place as varchar) || '/' || user_id as cursor
from placed
where (place, user_id) < (cast($after_value as decimal(32, 12)), $after_name)
order by place desc, user_id desc
limit $row_limit
