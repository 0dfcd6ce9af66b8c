-- What does the ledger hold, in a few numbers by which a copy can be compared with it?
select
    (select max(version) from schema_version) as schema_version,
    (select coalesce(max(batch_id), 0) from calls) as newest_batch,
    (select count(*) from calls) as calls,
    (select count(*) from spans) as spans,
    (select coalesce(sum(cost_usd), 0) from calls) as cost_usd,
    (select coalesce(sum(cost_usd), 0) from calls_by_hour) as cost_usd_by_hour
