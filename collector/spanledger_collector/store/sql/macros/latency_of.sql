-- How long did calls that pass the filters take? Counts by bucket of a histogram, for percentile_ns.
-- With raw they come from calls, which know every dimension; else the others are null.
create or replace macro latency_of(
    t0, t1, raw, watermark, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses
) as table
select
    moment,
    model,
    service,
    team,
    cast(null as varchar) as feature,
    environment,
    provider,
    cast(null as varchar) as workspace_id,
    outcome,
    cast(null as varchar) as cost_status,
    operation,
    cast(null as varchar) as user_id,
    cast(null as varchar) as session_id,
    measure,
    bucket,
    n
from latency_between(t0, if(raw, t0, t1), false, watermark)
where
    matches(model, models)
    and matches(service, services)
    and matches(team, teams)
    and matches(environment, environments)
    and matches(provider, providers)
    and matches(outcome, outcomes)
union all
select
    start_time as moment,
    model,
    service,
    team,
    feature,
    environment,
    provider,
    workspace_id,
    outcome,
    cost_status,
    operation,
    user_id,
    session_id,
    measure,
    latency_bucket(if(measure = 'duration', duration_ns, time_to_first_chunk_ns)) as bucket,
    1 as n
from
    calls_of(if(raw, t0, t1), t1, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses),
    (values ('duration'), ('first_chunk')) as measures (measure)
where measure = 'duration' or time_to_first_chunk_ns is not null
