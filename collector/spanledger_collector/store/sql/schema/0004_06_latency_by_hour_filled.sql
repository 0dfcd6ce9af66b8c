-- How long did the calls take that are there already?
insert into latency_by_hour
select
    date_trunc('hour', start_time) as hour,
    provider,
    model,
    operation,
    outcome,
    measure,
    cast(floor(ln(greatest(ns, 1)) / ln(1.04)) as smallint) as bucket,
    count(*) as n,
    0 as pass
from (
    select *, 'duration' as measure, duration_ns as ns from calls
    union all
    select *, 'first_chunk' as measure, time_to_first_chunk_ns as ns
    from calls
    where time_to_first_chunk_ns is not null
)
where
    start_time < date_trunc('hour', now() at time zone 'UTC')
    and batch_id <= (select batch_id from rollup_watermark)
group by all
order by all
