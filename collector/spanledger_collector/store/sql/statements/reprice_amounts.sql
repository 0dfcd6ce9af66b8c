-- What do the calls cost by the new prices? (batch and key together name one call)
update calls
set
    model = incoming.model,
    cost_status = incoming.cost_status,
    prices_version = incoming.prices_version,
    cost_usd = incoming.cost_usd,
    own_list_usd = nullif(incoming.list_usd, incoming.cost_usd),
    input_usd = incoming.input_usd,
    output_usd = incoming.output_usd,
    cache_read_usd = incoming.cache_read_usd,
    cache_write_5m_usd = incoming.cache_write_5m_usd,
    cache_write_1h_usd = incoming.cache_write_1h_usd,
    web_search_usd = incoming.web_search_usd
from incoming
where calls.batch_id = incoming.batch_id and calls.call_key = incoming.call_key
