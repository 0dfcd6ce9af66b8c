-- Which values does each dimension have, the most expensive first?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..10000) = 1000: values of each dimension at most
-- @filters
-- @derived fine raw_users
-- @returns dimension value calls cost_usd
with used as (
    select
        case
            when grouping(model) = 0 then 'model'
            when grouping(service) = 0 then 'service'
            when grouping(team) = 0 then 'team'
            when grouping(feature) = 0 then 'feature'
            when grouping(environment) = 0 then 'environment'
            when grouping(provider) = 0 then 'provider'
            when grouping(workspace_id) = 0 then 'workspace_id'
            when grouping(outcome) = 0 then 'outcome'
            when grouping(cost_status) = 0 then 'cost_status'
        end as dimension,
        coalesce(model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, '(none)') as value,
        whole(sum(calls)) as calls,
        sum(cost_usd) as cost_usd
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by grouping sets ((model), (service), (team), (feature), (environment), (provider), (workspace_id), (outcome), (cost_status))
    union all
    select
        'user_id' as dimension,
        coalesce(user_id, '(none)') as value,
        whole(sum(calls)) as calls,
        sum(cost_usd) as cost_usd
    from users_of($start, $end, $raw_users, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by user_id
)

select dimension, value, calls, cost_usd
from used
qualify row_number() over (
    partition by dimension order by cost_usd desc nulls last, calls desc, value
) <= $limit
order by dimension, cost_usd desc nulls last, calls desc, value
