-- What was used between two instants, by calls that pass the filters?
create or replace macro usage_of(
    t0, t1, fine, watermark, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses, alone := null
) as table
from usage_between(t0, t1, fine, watermark, alone := alone)
where
    matches(model, models)
    and matches(service, services)
    and matches(team, teams)
    and matches(feature, features)
    and matches(environment, environments)
    and matches(provider, providers)
    and matches(workspace_id, workspaces)
    and matches(user_id, users)
    and matches(outcome, outcomes)
    and matches(cost_status, statuses)
