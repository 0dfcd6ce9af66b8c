-- What was used in each hour, by the groups of a rule? (of very many groups, those that cost most)
with used as (
    select
        date_trunc('hour', moment) as hour,
        coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
        sum(cost_usd) as usd,
        sum(requests) as requests,
        sum(calls) as calls,
        sum(errors) as errors,
        sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) as prompt_tokens,
        sum(cache_read_tokens) as cache_read_tokens
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status, alone := $alone)
    group by hour, name
),

costliest as (
    select name, count(*) over () as groups
    from used
    group by name
    order by sum(usd) desc nulls last, name
    limit $most
)

select
    cast(epoch(hour) as bigint) // 3600 as hour,
    name,
    cast(coalesce(usd, 0) as double) as usd,
    cast(requests as double) as requests,
    cast(calls as double) as calls,
    cast(errors as double) as errors,
    cast(prompt_tokens as double) as prompt_tokens,
    cast(cache_read_tokens as double) as cache_read_tokens,
    groups
from used
inner join costliest using (name)
