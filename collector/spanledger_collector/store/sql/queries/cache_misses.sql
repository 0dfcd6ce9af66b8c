-- Why was the cache missed, by reported cause, and what did that cost?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param group_by group = none: dimension to tell apart
-- @param limit integer(1..10000) = 1000: rows at most
-- @filters
-- @derived row_limit cache_rates
-- @returns cache_miss_reason group_1 calls cache_missed_tokens missed_usd newest_time
-- @note Reads the calls. Causes come from the API's cache diagnosis, which callers switch on; `missed_usd` is what the missed tokens cost at the call's own rate of uncached and written prompt, less what reading them would have cost.
with missed as (
    select
        *,
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        date_diff('day', date '1970-01-01', cast(start_time as date)) as day,
        cast(input_usd + cache_write_5m_usd + cache_write_1h_usd as double) as paid
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
    where cache_miss_reason is not null
)

select
    cache_miss_reason,
    group_1,
    count(*) as calls,
    whole(sum(cache_missed_tokens)) as cache_missed_tokens,
    cast(
        round(
            sum(
                coalesce(cache_missed_tokens, 0) * (
                    -- what each token of the prompt that was not read did cost, and would have cost
                    paid / nullif(input_tokens + cache_write_5m_tokens + cache_write_1h_tokens, 0)
                    - read * paid / nullif(input_tokens + cache_write_5m_tokens * write_5m + cache_write_1h_tokens * write_1h, 0)
                )
            ),
            9
        ) as decimal(38, 9)
    ) as missed_usd,
    max(start_time) at time zone 'UTC' as newest_time
from missed
left join rates_of($cache_rates) as rates
    on missed.model = rates.model
    and missed.provider = rates.provider
    and missed.day >= rates.first_day
    and missed.day < rates.last_day
group by cache_miss_reason, group_1
order by missed_usd desc nulls last, calls desc, cache_miss_reason, group_1
limit $row_limit
