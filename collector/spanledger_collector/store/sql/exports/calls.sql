-- Which calls are in the ledger, with all that is known of each, in the order in which they came?
-- @param start instant = 400 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param columns texts = : only these columns, repeat it for more; all when there is none
-- @filters
select
    * exclude (row_id, id_hash, request_hash, batch_id, own_key, own_list_usd, input_is_rest, own_input_usd, claim_is_cost, own_claimed_usd)
    replace (
        hex_of(trace_id) as trace_id,
        printf('%016x', span_id) as span_id,
        if(parent_span_id is null, null, printf('%016x', parent_span_id)) as parent_span_id,
        start_time at time zone 'UTC' as start_time,
        received_at at time zone 'UTC' as received_at
    )
from calls_of($start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
