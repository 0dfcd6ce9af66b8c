-- Up to which ingest batch has calls_by_hour counted the calls? (one row)
create table rollup_watermark as select cast(0 as bigint) as batch_id
