-- How many calls between two instants, of batches in a range and perhaps of some keys, fell into
-- each bucket of each hour?
create or replace macro hour_latency(t0, t1, after_batch, upto_batch, keys) as table
select
    date_trunc('hour', moment) as hour,
    provider,
    model,
    operation,
    outcome,
    measure,
    bucket,
    cast(sum(n) as bigint) as n
from raw_latency(t0, t1, after_batch, upto_batch := upto_batch, keys := keys)
group by all
