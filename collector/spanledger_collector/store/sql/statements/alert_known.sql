-- How many requests are known of a rule's hours? (more than a moment ago when some came late)
select cast(coalesce(sum(requests), 0) as double) as requests
from usage_of($start, $end, false, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, [], [], [], alone := $alone)
