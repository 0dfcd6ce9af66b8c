-- What do the calls cost by the new prices? (batch and key together name one call; what a call's
-- reporter claimed stays, whether it is still the cost or not)
update calls
set
    model = incoming.model,
    cost_status = incoming.cost_status,
    prices_version = incoming.prices_version,
    cost_usd = incoming.cost_usd,
    own_list_usd = nullif(incoming.list_usd, incoming.cost_usd),
    input_is_rest = incoming.input_is_rest,
    own_input_usd = if(incoming.input_is_rest, null, incoming.input_usd),
    output_usd = incoming.output_usd,
    cache_read_usd = incoming.cache_read_usd,
    cache_write_5m_usd = incoming.cache_write_5m_usd,
    cache_write_1h_usd = incoming.cache_write_1h_usd,
    web_search_usd = incoming.web_search_usd,
    claim_is_cost = incoming.cost_usd is not distinct from if(calls.claim_is_cost, calls.cost_usd, calls.own_claimed_usd),
    own_claimed_usd = nullif(if(calls.claim_is_cost, calls.cost_usd, calls.own_claimed_usd), incoming.cost_usd)
from (
    select
        *,
        input_usd is not distinct from
        rest_of_cost(cost_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, web_search_usd) as input_is_rest
    from incoming
) as incoming
where calls.batch_id = incoming.batch_id and calls.call_key = incoming.call_key
