-- What do cached tokens cost as a multiple of uncached input, and batches of other calls, by model,
-- platform and day?
create or replace macro rates_of(listed) as table
select
    unnest(
        from_json(
            cast(listed as json),
            '[{"model": "varchar", "provider": "varchar", "first_day": "bigint", "last_day": "bigint",
            "read": "double", "write_5m": "double", "write_1h": "double", "batch": "double"}]'
        ),
        recursive := true
    )
