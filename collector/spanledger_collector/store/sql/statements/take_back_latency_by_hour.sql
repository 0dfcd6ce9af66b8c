-- Which sums must go down because some calls are about to be replaced?
insert into latency_by_hour by name
select
    hour,
    provider,
    model,
    operation,
    outcome,
    measure,
    bucket,
    -columns('^(n)$') as '\0',
    cast($newest as bigint) as pass
from hour_latency($first, $last, -1, $watermark, cast($keys as varchar[]))
