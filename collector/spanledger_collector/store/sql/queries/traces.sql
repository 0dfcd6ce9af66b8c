-- What did each trace cost?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param session_id texts = : only traces that have a call of these sessions
-- @param sort choice(cost|newest|calls|errors|duration) = cost: by what to order, the most first
-- @param after place = : only rows after this one: the `cursor` of the last row seen
-- @param limit integer(1..1000) = 50: rows at most
-- @filters
-- @derived after_value after_name row_limit
-- @returns trace_id service team feature user_id session_id models oldest_time newest_time elapsed_ns calls requests errors unpriced_calls estimated_calls prompt_tokens output_tokens duration_ns cost_usd cursor
-- @note Reads the calls of the range. Names are those of the trace's first call; `trace` shows all its spans.
with page as (
    -- Which traces to show is told by one sum; the others are worked out for these alone.
    select
        trace_id as id,
        cast(
            case $sort
                when 'cost' then coalesce(sum(cost_usd), -1)
                when 'newest' then epoch_us(max(start_time))
                when 'calls' then count(*) filter (where operation = 'chat')
                when 'errors' then count(*) filter (where outcome = 'failed')
                when 'duration' then max(epoch_us(start_time) + duration_ns // 1000) - epoch_us(min(start_time))
            end as decimal(32, 12)
        ) as place
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
    where matches(session_id, $session_id)
    group by trace_id
    having
        place < cast($after_value as decimal(32, 12))
        or (place = cast($after_value as decimal(32, 12)) and id < try_cast($after_name as uuid))
    order by place desc, id desc
    limit $row_limit
)

select
    hex_of(id) as trace_id,
    arg_min(service, start_time) as service,
    arg_min(team, start_time) as team,
    arg_min(feature, start_time) as feature,
    arg_min(user_id, start_time) as user_id,
    arg_min(session_id, start_time) as session_id,
    coalesce(list_sort(list(distinct model) filter (where model is not null)), []) as models,
    min(calls.start_time) at time zone 'UTC' as oldest_time,
    max(calls.start_time) at time zone 'UTC' as newest_time,
    (max(epoch_us(start_time) + duration_ns // 1000) - epoch_us(min(start_time))) * 1000 as elapsed_ns,
    count(*) filter (where operation = 'chat') as calls,
    count(*) as requests,
    count(*) filter (where outcome = 'failed') as errors,
    count(*) filter (where cost_status = 'unpriced') as unpriced_calls,
    count(*) filter (where cost_status = 'estimated') as estimated_calls,
    whole(sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens)) as prompt_tokens,
    whole(sum(output_tokens)) as output_tokens,
    whole(sum(calls.duration_ns)) as duration_ns,
    sum(calls.cost_usd) as cost_usd,
    cast(place as varchar) || '/' || hex_of(id) as cursor
from
    calls_of(
        $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
    ) as calls
inner join page on calls.trace_id = page.id
where matches(calls.session_id, $session_id)
group by page.id, page.place
order by page.place desc, page.id desc
