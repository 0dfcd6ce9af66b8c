-- Which calls are there already?
insert into calls_lean by name
select
    * exclude (call_key, list_usd, input_usd, claimed_usd),
    input_usd is not distinct from (
        cost_usd - output_usd - cache_read_usd - cache_write_5m_usd - cache_write_1h_usd - web_search_usd
    ) as input_is_rest,
    if(input_is_rest, null, input_usd) as own_input_usd,
    claimed_usd is not distinct from cost_usd as claim_is_cost,
    if(claim_is_cost, null, claimed_usd) as own_claimed_usd
from calls
