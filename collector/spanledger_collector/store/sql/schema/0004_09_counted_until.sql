-- Up to which instant are calls in the rollups that count a while after? (one row)
create table counted_until as
select
    date_trunc('hour', now() at time zone 'UTC') as latency,
    date_trunc('day', now() at time zone 'UTC') as users
