-- What was used in each step of some seconds, by some groups of a rule?
with called as (
    select
        start_time,
        cost_usd,
        operation,
        outcome,
        cost_status,
        cache_read_tokens,
        input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens as prompt_tokens,
        coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name
    from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
)

select
    (epoch_us(start_time) - epoch_us(cast($start as timestamp))) // (cast($step as bigint) * 1000000) as step,
    name,
    cast(coalesce(sum(cost_usd), 0) as double) as usd,
    coalesce(sum(cast(cost_usd as double) * cast(cost_usd as double)), 0) as squares,
    cast(greatest(count(*) filter (where operation = 'chat') - count(*) filter (where outcome = 'failed'), 0) as double) as calls,
    cast(count(*) as double) as requests,
    cast(count(*) filter (where outcome = 'failed') as double) as errors,
    cast(count(*) filter (where cost_status = 'unpriced') as double) as unpriced_calls,
    cast(coalesce(sum(prompt_tokens), 0) as double) as prompt_tokens,
    cast(coalesce(sum(cache_read_tokens), 0) as double) as cache_read_tokens
from called
semi join (select unnest(cast($names as varchar[])) as name) as wanted using (name)
group by step, name
