-- How long did the calls between two instants take, of batches after a watermark, call by call?
create or replace macro raw_latency(t0, t1, after_batch, upto_batch := null, keys := null) as table
select
    start_time as moment,
    service,
    team,
    environment,
    provider,
    model,
    operation,
    outcome,
    'duration' as measure,
    latency_bucket(duration_ns) as bucket,
    1 as n
from calls
where
    start_time >= t0
    and start_time < t1
    and batch_id > after_batch
    and (upto_batch is null or batch_id <= upto_batch)
    and (keys is null or list_contains(keys, call_key))
union all
select
    start_time as moment,
    service,
    team,
    environment,
    provider,
    model,
    operation,
    outcome,
    'first_chunk' as measure,
    latency_bucket(time_to_first_chunk_ns) as bucket,
    1 as n
from calls
where
    start_time >= t0
    and start_time < t1
    and batch_id > after_batch
    and (upto_batch is null or batch_id <= upto_batch)
    and (keys is null or list_contains(keys, call_key))
    and time_to_first_chunk_ns is not null
