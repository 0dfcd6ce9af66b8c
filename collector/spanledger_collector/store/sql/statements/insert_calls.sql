-- Which of the incoming reports are of calls that nobody reported before?
insert into calls by name
select
    * exclude (call_key, list_usd, input_usd, claimed_usd)
    replace (other_tags(tags, team, feature, user_id, session_id) as tags),
    nullif(call_key, coalesce(message_id, request_id)) as own_key,
    nullif(list_usd, cost_usd) as own_list_usd,
    input_usd is not distinct from
    rest_of_cost(cost_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, web_search_usd) as input_is_rest,
    if(input_is_rest, null, input_usd) as own_input_usd,
    claimed_usd is not distinct from cost_usd as claim_is_cost,
    if(claim_is_cost, null, claimed_usd) as own_claimed_usd,
    cast($batch_id as bigint) as batch_id,
    cast($received_at as timestamp) as received_at
from incoming
