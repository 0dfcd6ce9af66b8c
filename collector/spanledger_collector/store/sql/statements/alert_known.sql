-- How many requests are known of a rule's hours? (more than a moment ago when some came late)
select cast(coalesce(sum(requests), 0) as double) as requests
from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status, alone := $alone)
