-- How long did calls take in each hour? (counts by logarithmic bucket; rows that add up. Few
-- dimensions, so that the buckets of an hour are far fewer than its calls)
create table latency_by_hour (
    hour timestamp not null,
    provider varchar,
    model varchar,
    operation varchar,
    outcome varchar,
    measure varchar not null,
    bucket smallint not null,
    n bigint not null,
    pass bigint not null
)
