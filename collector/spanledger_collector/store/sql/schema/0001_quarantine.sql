-- Which spans were refused, and why?
create table quarantine (
    reason varchar not null,
    detail varchar not null,
    span json not null,
    received_at timestamp not null,
    batch_id bigint not null
)
