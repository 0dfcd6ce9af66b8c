-- Why is the cost of calls estimated or unknown, by who reported them?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..10000) = 1000: rows at most
-- @filters
-- @derived row_limit
-- @returns source cost_reason cost_status calls source_share cost_usd newest_time
-- @note Reads the calls. A call may have several reasons and is then in several rows: they do not add up. `not_reported:…` names a fact that the report lacked.
with seen as (
    select source, cost_status, cost_reasons, cost_usd, start_time
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
),

sources as (
    select source, count(*) as calls
    from seen
    group by source
),

reasons as (
    select source, cost_status, unnest(cost_reasons) as cost_reason, cost_usd, start_time
    from seen
    where cost_status <> 'priced'
)

select
    reasons.source,
    cost_reason,
    cost_status,
    count(*) as calls,
    count(*) / any_value(sources.calls) as source_share,
    sum(cost_usd) as cost_usd,
    max(start_time) at time zone 'UTC' as newest_time
from reasons
inner join sources on reasons.source = sources.source
group by reasons.source, cost_reason, cost_status
order by calls desc, reasons.source, cost_reason, cost_status
limit $row_limit
