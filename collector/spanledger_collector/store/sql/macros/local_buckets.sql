-- Which local quarter of an hour, hour, day, week or month does each quarter of an hour of a range lie in?
-- Every zone's days begin on a quarter of an hour: those are converted, not each row.
create or replace macro local_buckets(length, zone, t0, t1) as table
select
    slot,
    if(
        length = 'quarter_hour',
        timezone(zone, slot at time zone 'UTC'),
        date_trunc(if(length in ('none', 'quarter_hour'), 'day', length), timezone(zone, slot at time zone 'UTC'))
    ) as bucket
from
    generate_series(
        quarter_of(greatest(t0, timestamp '2020-01-01')),
        least(t1, now() at time zone 'UTC' + interval 2 days),
        interval 15 minutes
    ) as quarters (slot)
where length <> 'none'
union all
select null as slot, null as bucket where length = 'none'
