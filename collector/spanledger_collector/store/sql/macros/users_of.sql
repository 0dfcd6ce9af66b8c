-- What did users use between two instants, by calls that pass the filters? With raw it comes from
-- calls, which know every dimension; else those that the rollup lacks do not filter.
create or replace macro users_of(
    t0, t1, raw, watermark, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses
) as table
from users_between(t0, if(raw, t0, t1), false, watermark)
where
    matches(model, models)
    and matches(service, services)
    and matches(team, teams)
    and matches(environment, environments)
    and matches(provider, providers)
    and matches(user_id, users)
union all by name
from
    usage_of(
        if(raw, t0, t1), t1, true, watermark, models, services, teams, features, environments, providers, workspaces, users, outcomes, statuses
    )
