-- Which ingest batch was committed last?
select
    greatest(
        (select coalesce(max(batch_id), 0) from calls),
        (select coalesce(max(batch_id), 0) from call_reports),
        (select coalesce(max(batch_id), 0) from spans),
        (select coalesce(max(batch_id), 0) from metric_points),
        (select coalesce(max(batch_id), 0) from quarantine),
        (select batch_id from rollup_watermark)
    )
