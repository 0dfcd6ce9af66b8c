-- What was used and what did it cost, by time and by up to two dimensions?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param tz zone = UTC: time zone of the buckets
-- @param bucket choice(none|minute|five_minutes|quarter_hour|hour|day|week|month) = none: length of a bucket, in local time; below an hour the calls themselves are read
-- @param group_by group = none: first dimension
-- @param group_by_2 group = none: second dimension
-- @param measures measures = : only these measures, which is faster; repeat it for more, all when there is none
-- @param limit integer(1..100000) = 10000: rows at most
-- @filters
-- @derived fine alone row_limit
-- @returns bucket group_1 group_2
-- @measures
with used as (
    select
        slot_of($bucket, moment) as slot,
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        dimension($group_by_2, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_2,
        *
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status, alone := $alone)
)

select
    bucket,
    group_1,
    group_2,
    sum(cost_usd) as cost_usd,
    sum(input_usd) as input_usd,
    sum(output_usd) as output_usd,
    sum(cache_read_usd) as cache_read_usd,
    sum(cache_write_5m_usd) + sum(cache_write_1h_usd) as cache_write_usd,
    sum(web_search_usd) as web_search_usd,
    sum(list_usd) as list_usd,
    whole(sum(calls)) as calls,
    whole(sum(requests)) as requests,
    whole(sum(errors)) as errors,
    whole(sum(unpriced_calls)) as unpriced_calls,
    whole(sum(estimated_calls)) as estimated_calls,
    whole(sum(input_tokens)) as input_tokens,
    whole(sum(cache_read_tokens)) as cache_read_tokens,
    whole(sum(cache_write_5m_tokens)) as cache_write_5m_tokens,
    whole(sum(cache_write_1h_tokens)) as cache_write_1h_tokens,
    whole(sum(output_tokens)) as output_tokens,
    whole(sum(thinking_tokens)) as thinking_tokens,
    whole(sum(web_search_requests)) as web_search_requests,
    whole(sum(retries)) as retries,
    whole(sum(duration_ns)) as duration_ns
from used
inner join local_buckets($bucket, $tz, $start, $end) as buckets on used.slot is not distinct from buckets.slot
group by bucket, group_1, group_2
order by bucket, sum(used.cost_usd) desc nulls last, group_1, group_2
limit $row_limit
