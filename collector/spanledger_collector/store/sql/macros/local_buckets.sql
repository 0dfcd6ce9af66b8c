-- Which local bucket does each slot of a range lie in? Slots are quarters of an hour, finer for finer
-- buckets. Every zone's days begin on a quarter of an hour: slots are converted, not each row.
create or replace macro local_buckets(length, zone, t0, t1) as table
select
    slot,
    if(
        length in ('minute', 'five_minutes', 'quarter_hour'),
        timezone(zone, slot at time zone 'UTC'),
        date_trunc(
            if(length in ('none', 'minute', 'five_minutes', 'quarter_hour'), 'day', length),
            timezone(zone, slot at time zone 'UTC')
        )
    ) as bucket
from
    generate_series(
        slot_of(if(length = 'none', 'day', length), greatest(t0, timestamp '2020-01-01')),
        least(t1, now() at time zone 'UTC' + interval 2 days),
        case length
            when 'minute' then interval 1 minute
            when 'five_minutes' then interval 5 minutes
            else interval 15 minutes
        end
    ) as slots (slot)
where length <> 'none'
union all
select null as slot, null as bucket where length = 'none'
