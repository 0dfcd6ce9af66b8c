-- How close to their rate limits do requests come, by organisation, workspace, model and kind of limit?
-- @param start instant = 1 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param tz zone = UTC: time zone of the buckets
-- @param bucket choice(none|minute|five_minutes|quarter_hour|hour|day) = hour: length of a bucket, in local time
-- @param limit integer(1..100000) = 10000: rows at most
-- @filters
-- @derived row_limit
-- @returns bucket organization_id workspace_id model limit_kind limit_value remaining_min remaining_p5 peak_use_share calls rate_limited_calls newest_time
-- @note Reads the calls that carry the API's rate-limit headers. `remaining` of tokens is rounded to thousands by the API; cache reads do not count against limits.
with seen as (
    select
        bucket,
        coalesce(organization_id, '(none)') as organization_id,
        coalesce(workspace_id, '(none)') as workspace_id,
        coalesce(model, '(none)') as model,
        [
            {
                'limit_kind': 'requests',
                'limit_value': arg_max(requests_limit, start_time),
                'remaining_min': min(requests_remaining),
                'remaining_p5': cast(quantile_disc(requests_remaining, 0.05) as bigint),
                'peak_use_share': max(1 - requests_remaining / requests_limit)
            },
            {
                'limit_kind': 'tokens',
                'limit_value': arg_max(tokens_limit, start_time),
                'remaining_min': min(tokens_remaining),
                'remaining_p5': cast(quantile_disc(tokens_remaining, 0.05) as bigint),
                'peak_use_share': max(1 - tokens_remaining / tokens_limit)
            },
            {
                'limit_kind': 'input_tokens',
                'limit_value': arg_max(input_tokens_limit, start_time),
                'remaining_min': min(input_tokens_remaining),
                'remaining_p5': cast(quantile_disc(input_tokens_remaining, 0.05) as bigint),
                'peak_use_share': max(1 - input_tokens_remaining / input_tokens_limit)
            },
            {
                'limit_kind': 'output_tokens',
                'limit_value': arg_max(output_tokens_limit, start_time),
                'remaining_min': min(output_tokens_remaining),
                'remaining_p5': cast(quantile_disc(output_tokens_remaining, 0.05) as bigint),
                'peak_use_share': max(1 - output_tokens_remaining / output_tokens_limit)
            }
        ] as limits,
        count(*) as calls,
        count(*) filter (where http_status = 429) as rate_limited_calls,
        max(start_time) as newest
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        ) as calls
    inner join local_buckets($bucket, $tz, $start, $end) as buckets
        on slot_of($bucket, calls.start_time) is not distinct from buckets.slot
    where coalesce(requests_limit, tokens_limit, input_tokens_limit, output_tokens_limit) > 0
    group by all
)

select
    bucket,
    organization_id,
    workspace_id,
    model,
    told.limit_kind,
    told.limit_value,
    told.remaining_min,
    told.remaining_p5,
    told.peak_use_share,
    calls,
    rate_limited_calls,
    newest at time zone 'UTC' as newest_time
from seen, unnest(limits) as listed (told)
where told.peak_use_share is not null
order by bucket, told.peak_use_share desc, organization_id, workspace_id, model, told.limit_kind
limit $row_limit
