-- Which calls have no known price, by model and reason?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..1000) = 100: rows at most
-- @filters
-- @derived row_limit
-- @returns model reasons calls prompt_tokens output_tokens first_call last_call
select
    coalesce(model, '(none)') as model,
    array_to_string([reason for reason in cost_reasons if not starts_with(reason, 'not_reported:')], ' ') as reasons,
    count(*) as calls,
    whole(sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens)) as prompt_tokens,
    whole(sum(output_tokens)) as output_tokens,
    min(start_time) at time zone 'UTC' as first_call,
    max(start_time) at time zone 'UTC' as last_call
from
    calls_of(
        $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
    )
where cost_status = 'unpriced'
group by all
order by calls desc, model, reasons
limit $row_limit
