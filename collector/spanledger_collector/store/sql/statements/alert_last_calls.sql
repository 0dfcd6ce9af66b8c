-- When did each group of a rule call last? A call that came late counts as of when it came: its
-- sender spoke then. What came after $end tells nothing of that moment, which a backtest looks at.
select
    coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
    epoch(max(if(received_at <= $end, greatest(start_time, received_at), start_time))) as last_call
from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
group by name
