-- What changed: which groups make up the difference between two stretches of time, and by which cause?
-- @param before_start instant = as long before before_end: first instant of the earlier stretch
-- @param before_end instant = start: first instant after the earlier stretch
-- @param start instant = 7 days before end: first instant of the later stretch
-- @param end instant = now: first instant after the later stretch
-- @param group_by group = team: whose changes to tell apart; none tells the whole in one row
-- @param limit integer(1..1000) = 50: groups at most; the others are added up in one last row
-- @filters
-- @derived fine
-- @returns group_1 rest before_usd after_usd difference_usd volume_usd mix_usd tokens_usd cache_usd price_usd search_usd
-- @returns before_calls after_calls before_unpriced_calls after_unpriced_calls
with used as (
    select false as later, *
    from usage_of($before_start, $before_end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    union all
    select true as later, *
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
),

counted as (
    -- A group's calls of one model on one platform: within them, prices are comparable.
    select
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        model,
        provider,
        later,
        unnest(
            [
                {'kind': 'call', 'n': sum(calls) filter (where cost_usd is not null), 'usd': sum(cost_usd)},
                {'kind': 'unpriced', 'n': sum(requests) filter (where cost_status = 'unpriced'), 'usd': null},
                {'kind': 'input', 'n': sum(input_tokens) filter (where cost_usd is not null), 'usd': sum(input_usd)},
                {'kind': 'cache_read', 'n': sum(cache_read_tokens) filter (where cost_usd is not null), 'usd': sum(cache_read_usd)},
                {'kind': 'cache_write_5m', 'n': sum(cache_write_5m_tokens) filter (where cost_usd is not null), 'usd': sum(cache_write_5m_usd)},
                {'kind': 'cache_write_1h', 'n': sum(cache_write_1h_tokens) filter (where cost_usd is not null), 'usd': sum(cache_write_1h_usd)},
                {'kind': 'output', 'n': sum(output_tokens) filter (where cost_usd is not null), 'usd': sum(output_usd)},
                {'kind': 'search', 'n': sum(web_search_requests) filter (where cost_usd is not null), 'usd': sum(web_search_usd)}
            ],
            recursive := true
        )
    from used
    group by group_1, model, provider, later
),

compared as (
    select
        group_1,
        model,
        provider,
        kind,
        coalesce(sum(n) filter (where not later), 0) as n_0,
        coalesce(sum(n) filter (where later), 0) as n_1,
        sum(usd) filter (where not later) as usd_0,
        sum(usd) filter (where later) as usd_1,
        coalesce(cast(usd_0 as double), 0) as cost_0,
        coalesce(cast(usd_1 as double), 0) as cost_1,
        n_1 * coalesce(cost_0 / nullif(n_0, 0), cost_1 / nullif(n_1, 0), 0) as cost_1_at_old_rate
    from counted
    group by group_1, model, provider, kind
),

cells as (
    select
        group_1,
        sum(usd_0) filter (where kind = 'call') as before_usd,
        sum(usd_1) filter (where kind = 'call') as after_usd,
        sum(n_0) filter (where kind = 'call') as calls_0,
        sum(n_1) filter (where kind = 'call') as calls_1,
        sum(n_0) filter (where kind = 'unpriced') as unpriced_0,
        sum(n_1) filter (where kind = 'unpriced') as unpriced_1,
        calls_1 / nullif(calls_0, 0) as growth,
        sum(cost_1_at_old_rate) filter (where kind = 'call') as at_old_cost,
        sum(cost_0) filter (where kind not in ('call', 'unpriced', 'search')) as tokens_cost_0,
        sum(cost_1) filter (where kind not in ('call', 'unpriced', 'search')) as tokens_cost_1,
        sum(cost_1_at_old_rate) filter (where kind = 'output') as output_at_old_rate,
        sum(cost_1_at_old_rate) filter (where kind in ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h')) as prompt_at_old_rates,
        sum(n_1) filter (where kind in ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h'))
        * coalesce(
            sum(cost_0) filter (where kind in ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h'))
            / nullif(sum(n_0) filter (where kind in ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h')), 0),
            prompt_at_old_rates
            / nullif(sum(n_1) filter (where kind in ('input', 'cache_read', 'cache_write_5m', 'cache_write_1h')), 0),
            0
        ) as prompt_at_old_mix,
        sum(cost_0) filter (where kind = 'search') as search_0,
        sum(cost_1) filter (where kind = 'search') as search_1
    from compared
    group by group_1, model, provider
),

causes as (
    -- Growth is null where nothing was called before: all of that is volume, or mix within a group.
    select
        group_1,
        sum(before_usd) as before_usd,
        sum(after_usd) as after_usd,
        coalesce(sum(after_usd), 0) - coalesce(sum(before_usd), 0) as difference_usd,
        sum(at_old_cost) - sum(calls_1) * cast(sum(before_usd) as double) / nullif(sum(calls_0), 0) as mix,
        sum(if(growth is null, 0, prompt_at_old_mix + output_at_old_rate - growth * tokens_cost_0)) as tokens,
        sum(if(growth is null, 0, prompt_at_old_rates - prompt_at_old_mix)) as cache,
        sum(if(growth is null, 0, tokens_cost_1 - prompt_at_old_rates - output_at_old_rate)) as price,
        sum(if(growth is null, 0, search_1 - growth * search_0)) as search,
        sum(calls_0) as calls_0,
        sum(calls_1) as calls_1,
        sum(unpriced_0) as unpriced_0,
        sum(unpriced_1) as unpriced_1
    from cells
    group by group_1
),

ranked as (
    select
        * replace (
            cast(coalesce(mix, 0) as decimal(38, 9)) as mix,
            cast(tokens as decimal(38, 9)) as tokens,
            cast(cache as decimal(38, 9)) as cache,
            cast(price as decimal(38, 9)) as price,
            cast(search as decimal(38, 9)) as search
        ),
        least(row_number() over (order by abs(difference_usd) desc, group_1), $limit + 1) as position
    from causes
)

select
    if(position > $limit, null, any_value(group_1)) as group_1,
    position > $limit as rest,
    sum(before_usd) as before_usd,
    sum(after_usd) as after_usd,
    sum(difference_usd) as difference_usd,
    cast(sum(difference_usd) - sum(mix + tokens + cache + price + search) as decimal(38, 12)) as volume_usd,
    cast(sum(mix) as decimal(38, 12)) as mix_usd,
    cast(sum(tokens) as decimal(38, 12)) as tokens_usd,
    cast(sum(cache) as decimal(38, 12)) as cache_usd,
    cast(sum(price) as decimal(38, 12)) as price_usd,
    cast(sum(search) as decimal(38, 12)) as search_usd,
    whole(sum(calls_0)) as before_calls,
    whole(sum(calls_1)) as after_calls,
    whole(sum(unpriced_0)) as before_unpriced_calls,
    whole(sum(unpriced_1)) as after_unpriced_calls
from ranked
group by position
order by position
