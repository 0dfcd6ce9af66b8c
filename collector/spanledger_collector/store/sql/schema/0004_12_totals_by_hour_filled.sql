-- What do the sums by hour add up to that are there already?
insert into totals_by_hour
select
    hour,
    case
        when grouping(service) = 0 then 'service'
        when grouping(team) = 0 then 'team'
        when grouping(feature) = 0 then 'feature'
        when grouping(environment) = 0 then 'environment'
        when grouping(provider) = 0 then 'provider'
        when grouping(model) = 0 then 'model'
        when grouping(workspace_id) = 0 then 'workspace_id'
        when grouping(operation) = 0 then 'operation'
        when grouping(outcome) = 0 then 'outcome'
        when grouping(cost_status) = 0 then 'cost_status'
        else 'all'
    end as dimension,
    coalesce(service, team, feature, environment, provider, model, workspace_id, operation, outcome, cost_status) as value,
    sum(requests) as requests,
    sum(calls) as calls,
    sum(errors) as errors,
    coalesce(sum(requests) filter (where cost_status = 'unpriced'), 0) as unpriced_calls,
    coalesce(sum(requests) filter (where cost_status = 'estimated'), 0) as estimated_calls,
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
    sum(list_usd) as list_usd,
    0 as pass
from calls_by_hour
group by grouping sets ((hour), (hour, service), (hour, team), (hour, feature), (hour, environment), (hour, provider), (hour, model), (hour, workspace_id), (hour, operation), (hour, outcome), (hour, cost_status))
order by dimension, hour, value
