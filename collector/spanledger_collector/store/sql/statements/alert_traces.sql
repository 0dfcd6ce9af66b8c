-- Which traces cost most between two instants?
select hex_of(trace_id) as trace_id, sum(cost_usd) as usd
from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
group by trace_id
order by usd desc nulls last, trace_id
limit 3
