-- How many requests fail, are retried or are cut, and what did those cost that did not complete?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param tz zone = UTC: time zone of the buckets
-- @param bucket choice(none|minute|five_minutes|quarter_hour|hour|day|week|month) = none: length of a bucket, in local time; below an hour the calls themselves are read
-- @param group_by group = none: dimension to tell apart
-- @param limit integer(1..100000) = 10000: rows at most
-- @filters
-- @derived fine row_limit
-- @returns bucket group_1 requests completed errors closed dropped cancelled retries error_share incomplete_usd
with used as (
    select
        slot_of($bucket, moment) as slot,
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        *
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
)

select
    bucket,
    group_1,
    whole(sum(requests)) as requests,
    whole(sum(requests) filter (where outcome = 'completed')) as completed,
    whole(sum(errors)) as errors,
    whole(sum(requests) filter (where outcome = 'closed')) as closed,
    whole(sum(requests) filter (where outcome = 'dropped')) as dropped,
    whole(sum(requests) filter (where outcome = 'cancelled')) as cancelled,
    whole(sum(retries)) as retries,
    cast(sum(errors) as double) / cast(sum(requests) as double) as error_share,
    coalesce(sum(cost_usd) filter (where outcome <> 'completed'), 0) as incomplete_usd
from used
inner join local_buckets($bucket, $tz, $start, $end) as buckets on used.slot is not distinct from buckets.slot
group by bucket, group_1
order by bucket, errors desc, requests desc, group_1
limit $row_limit
