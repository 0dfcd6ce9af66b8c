-- What goes wrong: requests that did not complete or were retried, by outcome, error and status?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param group_by group = model: dimension to tell apart
-- @param limit integer(1..10000) = 1000: rows at most
-- @filters
-- @derived row_limit
-- @returns outcome error_type http_status group_1 requests rate_limited retries cost_usd oldest_time newest_time newest_trace_id newest_span_id
-- @note Reads the calls. Rows with the outcome `completed` are requests that succeeded after retries.
select
    outcome,
    error_type,
    http_status,
    dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
    count(*) as requests,
    coalesce(http_status = 429 or error_type = 'rate_limit_error', false) as rate_limited,
    whole(sum(retries)) as retries,
    sum(cost_usd) as cost_usd,
    min(start_time) at time zone 'UTC' as oldest_time,
    max(start_time) at time zone 'UTC' as newest_time,
    hex_of(arg_max(trace_id, start_time)) as newest_trace_id,
    printf('%016x', arg_max(span_id, start_time)) as newest_span_id
from
    calls_of(
        $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
    )
where outcome <> 'completed' or retries > 0
group by outcome, error_type, http_status, group_1, rate_limited
order by requests desc, outcome, error_type, http_status, group_1
limit $row_limit
