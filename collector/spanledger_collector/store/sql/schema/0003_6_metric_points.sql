-- Which points of metrics came? (kept as sent, once each by point_key; never cost anything)
create table metric_points (
    point_key varchar not null,
    name varchar not null,
    unit varchar,
    kind varchar not null,
    temporality varchar,
    start_time timestamp,
    time timestamp not null,
    value double not null,
    attributes json not null,
    service varchar not null,
    session_id varchar,
    scope varchar not null,
    received_at timestamp not null,
    batch_id bigint not null
)
