-- Which requests were answered with 429, by the limit that was tightest?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..10000) = 1000: rows at most
-- @filters
-- @derived row_limit
-- @returns limit_kind organization_id workspace_id model requests retries least_share oldest_time newest_time newest_trace_id newest_span_id
-- @note Reads the calls. The kind is the limit of which the refusing answer left the smallest share, `(none)` where it told no limits, as on a reached spend limit. Requests that went through after a retry are not among them: what refused the first try is not told.
with refused as (
    select
        *,
        list_sort([
            {'left': requests_remaining / requests_limit, 'kind': 'requests'},
            {'left': input_tokens_remaining / input_tokens_limit, 'kind': 'input_tokens'},
            {'left': output_tokens_remaining / output_tokens_limit, 'kind': 'output_tokens'},
            {'left': tokens_remaining / tokens_limit, 'kind': 'tokens'}
        ], 'asc', 'nulls last')[1] as tightest
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
    where http_status = 429 or error_type = 'rate_limit_error'
)

select
    if(tightest.left is null, '(none)', tightest.kind) as limit_kind,
    coalesce(organization_id, '(none)') as organization_id,
    coalesce(workspace_id, '(none)') as workspace_id,
    coalesce(model, '(none)') as model,
    count(*) as requests,
    whole(sum(retries)) as retries,
    min(tightest.left) as least_share,
    min(start_time) at time zone 'UTC' as oldest_time,
    max(start_time) at time zone 'UTC' as newest_time,
    hex_of(arg_max(trace_id, start_time)) as newest_trace_id,
    printf('%016x', arg_max(span_id, start_time)) as newest_span_id
from refused
group by 1, 2, 3, 4
order by requests desc, limit_kind, organization_id, workspace_id, model
limit $row_limit
