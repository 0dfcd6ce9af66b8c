-- What happened to each alert, when, and by whom?
create table alert_events (
    alert_id varchar not null,
    revision bigint not null,
    number integer not null,
    happened_at timestamp not null,
    event varchar not null,
    state varchar not null,
    severity varchar not null,
    actor varchar not null,
    note varchar,
    observed double not null,
    expected double,
    excess_usd decimal(38, 12) not null
)
