-- How fast are rate limits used at present, and when would each run out?
-- @param as_of instant = now: what counts as now
-- @param minutes integer(1..120) = 15: how many minutes before it are the present
-- @param limit integer(1..10000) = 1000: rows at most
-- @filters
-- @derived row_limit
-- @returns organization_id workspace_id model limit_kind limit_value remaining used_per_minute peak_per_minute use_share exhausted_in_s newest_time
-- @note Reads the calls. A limit is a bucket that fills up by itself at the limit a minute, so only a pace above the limit empties it: `exhausted_in_s` is what the newest answer left, over what the pace takes beyond the limit. Cache reads, batches and refused requests do not count against a limit. Filters narrow what is counted, but the limit is that of the whole workspace.
with made as (
    select
        coalesce(organization_id, '(none)') as organization_id,
        coalesce(workspace_id, '(none)') as workspace_id,
        coalesce(model, '(none)') as model,
        date_trunc('minute', start_time) as minute,
        start_time,
        coalesce(http_status, 0) <> 429 and batch_result is null and request_sent as counts,
        input_tokens + cache_write_5m_tokens + cache_write_1h_tokens as input_used,
        output_tokens as output_used,
        requests_limit,
        requests_remaining,
        input_tokens_limit,
        input_tokens_remaining,
        output_tokens_limit,
        output_tokens_remaining
    from
        calls_of(
            $as_of - to_minutes($minutes), $as_of, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
    where operation = 'chat'
),

by_minute as (
    select
        organization_id,
        workspace_id,
        model,
        minute,
        count(*) filter (where counts) as requests,
        sum(input_used) filter (where counts) as input_used,
        sum(output_used) filter (where counts) as output_used,
        max(start_time) as newest,
        arg_max(requests_limit, start_time) as requests_limit,
        arg_max(requests_remaining, start_time) as requests_remaining,
        arg_max(input_tokens_limit, start_time) as input_tokens_limit,
        arg_max(input_tokens_remaining, start_time) as input_tokens_remaining,
        arg_max(output_tokens_limit, start_time) as output_tokens_limit,
        arg_max(output_tokens_remaining, start_time) as output_tokens_remaining
    from made
    group by organization_id, workspace_id, model, minute
),

paced as (
    select
        organization_id,
        workspace_id,
        model,
        max(newest) as newest,
        [
            {
                'limit_kind': 'requests',
                'limit_value': arg_max(requests_limit, minute),
                'remaining': arg_max(requests_remaining, minute),
                'used': cast(sum(requests) as double),
                'peak': cast(max(requests) as double)
            },
            {
                'limit_kind': 'input_tokens',
                'limit_value': arg_max(input_tokens_limit, minute),
                'remaining': arg_max(input_tokens_remaining, minute),
                'used': cast(sum(input_used) as double),
                'peak': cast(max(input_used) as double)
            },
            {
                'limit_kind': 'output_tokens',
                'limit_value': arg_max(output_tokens_limit, minute),
                'remaining': arg_max(output_tokens_remaining, minute),
                'used': cast(sum(output_used) as double),
                'peak': cast(max(output_used) as double)
            }
        ] as limits
    from by_minute
    group by organization_id, workspace_id, model
)

select
    organization_id,
    workspace_id,
    model,
    told.limit_kind,
    told.limit_value,
    told.remaining,
    coalesce(told.used, 0) / $minutes as used_per_minute,
    coalesce(told.peak, 0) as peak_per_minute,
    used_per_minute / told.limit_value as use_share,
    if(
        used_per_minute > told.limit_value,
        told.remaining * 60.0 / (used_per_minute - told.limit_value),
        null
    ) as exhausted_in_s,
    newest at time zone 'UTC' as newest_time
from paced, unnest(limits) as listed (told)
where told.limit_value > 0
order by exhausted_in_s nulls last, use_share desc, organization_id, workspace_id, model, told.limit_kind
limit $row_limit
