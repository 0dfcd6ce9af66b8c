-- Which spans came that are not Claude API calls? (kept for traces, never cost anything)
create table spans (
    trace_id uuid not null,
    span_id ubigint not null,
    parent_span_id ubigint,
    name varchar not null,
    kind varchar not null,
    start_time timestamp not null,
    duration_ns bigint not null,
    status varchar not null,
    service varchar not null,
    scope varchar not null,
    attributes json not null,
    received_at timestamp not null,
    batch_id bigint not null
)
