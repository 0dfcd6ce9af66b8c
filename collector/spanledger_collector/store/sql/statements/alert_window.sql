-- What was used between two instants, by the groups of a rule? (of very many groups, those with
-- most of what the rule looks at)
with used as (
    select
        coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
        cast(coalesce(sum(cost_usd), 0) as double) as usd,
        cast(sum(requests) as double) as requests,
        cast(sum(calls) as double) as calls,
        cast(sum(errors) as double) as errors,
        cast(sum(unpriced_calls) as double) as unpriced_calls,
        cast(sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) as double) as prompt_tokens,
        cast(sum(cache_read_tokens) as double) as cache_read_tokens,
        cast(coalesce(sum(input_usd) + sum(cache_write_5m_usd) + sum(cache_write_1h_usd), 0) as double) as unread_usd
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status, alone := $alone)
    group by name
)

select
    *,
    count(*) over () as groups
from used
order by
    case $first_by when 'errors' then errors when 'unpriced_calls' then unpriced_calls else usd end desc,
    name
limit $most
