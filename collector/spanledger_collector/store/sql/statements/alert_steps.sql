-- What did calls cost in each step of some seconds, by the groups of a rule?
select
    (epoch_us(start_time) - epoch_us(cast($start as timestamp))) // (cast($step as bigint) * 1000000) as step,
    coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
    cast(coalesce(sum(cost_usd), 0) as double) as usd,
    coalesce(sum(cast(cost_usd as double) * cast(cost_usd as double)), 0) as squares,
    cast(greatest(count(*) filter (where operation = 'chat') - count(*) filter (where outcome = 'failed'), 0) as double) as calls
from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, [], [], [])
group by step, name
