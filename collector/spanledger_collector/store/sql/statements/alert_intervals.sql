-- When was something out of the ordinary, so that it is no example of what is usual?
select rule, dimension, value, bad_since, coalesce(good_since, resolved_at, $now) as good_since, feedback
from alerts
where
    list_contains($kinds, kind)
    and fired_at is not null
    and feedback is distinct from 'expected'
    and coalesce(resolved_at, $now) >= $since
