-- What did the dearest and the busiest minutes of each day come to, by the groups of a rule? (of very
-- many groups, those whose minutes are dearest)
with excluded as (
    select
        unnest(cast($names as varchar[])) as name,
        unnest(cast($firsts as bigint[])) as first,
        unnest(cast($lasts as bigint[])) as last
),

steps as (
    select
        coalesce(dimension($dimension, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id), '') as name,
        (epoch_us(start_time) - epoch_us(cast($start as timestamp))) // (cast($step as bigint) * 1000000) as step,
        sum(cost_usd) as usd,
        count(*) as calls
    from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by name, step
),

days as (
    select
        name,
        step * $step // 86400 as day,
        max(usd) as usd,
        max(calls) as calls
    from steps
    where
        not exists (
            select 1
            from excluded
            where
                coalesce(excluded.name, steps.name) = steps.name
                and $origin + steps.step * $step < excluded.last
                and $origin + (steps.step + 1) * $step > excluded.first
        )
    group by name, day
),

dearest as (
    select name
    from days
    group by name
    order by max(usd) desc nulls last, name
    limit $most
)

select
    name,
    day,
    cast(coalesce(usd, 0) as double) as usd,
    cast(calls as double) as calls
from days
semi join dearest using (name)
