-- Which calls began between two instants and pass the filters?
create or replace macro calls_of(
    t0, t1, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses
) as table
select rowid as row_id, *
from calls
where
    start_time >= t0
    and start_time < t1
    and matches(model, models)
    and matches(service, services)
    and matches(team, teams)
    and matches(feature, features)
    and matches(environment, environments)
    and matches(provider, providers)
    and matches(workspace_id, workspaces)
    and matches(user_id, users)
    and matches(outcome, outcomes)
    and matches(cost_status, statuses)
