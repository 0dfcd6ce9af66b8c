-- How is the ledger: how much does it hold, how fresh is it, and by which versions?
-- @readers anyone
-- @derived received duplicates refused database_bytes free_bytes calls_keep_days spans_keep_days alerts_keep_days newest_batch schema_version prices_version collector_version ready
-- @returns first_call_time newest_call_time newest_received_at calls spans quarantined quarantined_last_day received_since_start duplicates_since_start refused_since_start delivery_lag_s rollup_lag_batches database_bytes free_bytes calls_keep_days spans_keep_days alerts_keep_days schema_version prices_version collector_version ready generated_at
select
    first_call at time zone 'UTC' as first_call_time,
    newest_call at time zone 'UTC' as newest_call_time,
    newest_received at time zone 'UTC' as newest_received_at,
    calls,
    spans,
    quarantined,
    quarantined_last_day,
    cast($received as bigint) as received_since_start,
    cast($duplicates as bigint) as duplicates_since_start,
    cast($refused as bigint) as refused_since_start,
    delivery_lag_s,
    greatest(cast($newest_batch as bigint) - cast($watermark as bigint), 0) as rollup_lag_batches,
    cast($database_bytes as bigint) as database_bytes,
    cast($free_bytes as bigint) as free_bytes,
    cast($calls_keep_days as integer) as calls_keep_days,
    cast($spans_keep_days as integer) as spans_keep_days,
    cast($alerts_keep_days as integer) as alerts_keep_days,
    cast($schema_version as integer) as schema_version,
    cast($prices_version as varchar) as prices_version,
    cast($collector_version as varchar) as collector_version,
    cast($ready as boolean) as ready,
    now() as generated_at
from
    (
        select
            count(*) as calls,
            min(start_time) as first_call,
            max(start_time) as newest_call,
            max(received_at) as newest_received
        from calls
    ),
    (
        -- From the end of a call to its arrival, for those that arrived lately.
        select cast(median(epoch(received_at - start_time) - duration_ns / 1e9) as double) as delivery_lag_s
        from calls
        where received_at >= now() at time zone 'UTC' - interval 15 minutes
    ),
    (select count(*) as spans from spans),
    (
        select
            count(*) as quarantined,
            count(*) filter (where received_at >= now() at time zone 'UTC' - interval 1 day) as quarantined_last_day
        from quarantine
    )
