-- Which messages wait for which channel, and what came of those that went out?
create table alert_outbox (
    send_id varchar primary key,
    alert_id varchar not null,
    channel varchar not null,
    reason varchar not null,
    body varchar not null,
    queued_at timestamp not null,
    state varchar not null,
    attempts integer not null,
    next_at timestamp not null,
    holder varchar,
    settled_at timestamp,
    error varchar
)
