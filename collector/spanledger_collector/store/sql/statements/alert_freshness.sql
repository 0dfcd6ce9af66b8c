-- How fresh is the ledger?
select
    (select max(start_time) from calls where start_time >= $since) as newest_call_at,
    greatest(
        (select max(received_at) from calls where start_time >= $since),
        (select max(received_at) from spans where start_time >= $since)
    ) as newest_received_at
