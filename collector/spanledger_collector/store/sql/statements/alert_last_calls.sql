-- When did each group of a rule call last?
select
    coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
    epoch(max(start_time)) as last_call
from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
group by name
