-- What of a call's cost is left for its input? (nothing is known of that where a part is not)
create or replace macro rest_of_cost(
    cost_usd, output_usd, cache_read_usd, cache_write_5m_usd, cache_write_1h_usd, web_search_usd
) as
    cost_usd - output_usd - cache_read_usd - cache_write_5m_usd - cache_write_1h_usd - web_search_usd
