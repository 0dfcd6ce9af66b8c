-- What did each team, feature, service and so on spend between two instants?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..10000) = 1000: values of each dimension at most
-- @filters
-- @derived fine
-- @returns dimension value cost_usd list_usd calls requests unpriced_calls estimated_calls
-- @note Budgets are held against it. The dimension `all` has one row, for everything; users are in `users`.
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
            else 'all'
        end as dimension,
        if(dimension = 'all', 'all', coalesce(model, service, team, feature, environment, provider, workspace_id, '(none)')) as value,
        sum(cost_usd) as cost_usd,
        sum(list_usd) as list_usd,
        whole(sum(calls)) as calls,
        whole(sum(requests)) as requests,
        whole(sum(requests) filter (where cost_status = 'unpriced')) as unpriced_calls,
        whole(sum(requests) filter (where cost_status = 'estimated')) as estimated_calls
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by grouping sets ((), (model), (service), (team), (feature), (environment), (provider), (workspace_id))
)

from used
qualify row_number() over (partition by dimension order by cost_usd desc nulls last, calls desc, value) <= $limit
order by dimension, cost_usd desc nulls last, calls desc, value
