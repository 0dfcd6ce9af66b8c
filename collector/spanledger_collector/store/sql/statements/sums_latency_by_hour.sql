-- What do the partial rows of some hours add up to? (what was taken back again is nothing)
select
    hour,
    provider,
    model,
    operation,
    outcome,
    measure,
    bucket,
    cast(sum(n) as bigint) as n,
    cast($newest as bigint) as pass
from latency_by_hour
where list_contains($moments, hour)
group by hour, provider, model, operation, outcome, measure, bucket
having sum(n) <> 0
order by all
