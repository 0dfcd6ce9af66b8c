-- What do the partial rows of some hours add up to? (what was taken back again is nothing)
select
    hour,
    dimension,
    value,
    sum(requests) as requests,
    sum(calls) as calls,
    sum(errors) as errors,
    sum(unpriced_calls) as unpriced_calls,
    sum(estimated_calls) as estimated_calls,
    sum(input_tokens) as input_tokens,
    sum(cache_read_tokens) as cache_read_tokens,
    sum(cache_write_5m_tokens) as cache_write_5m_tokens,
    sum(cache_write_1h_tokens) as cache_write_1h_tokens,
    sum(output_tokens) as output_tokens,
    sum(thinking_tokens) as thinking_tokens,
    sum(web_search_requests) as web_search_requests,
    sum(retries) as retries,
    sum(duration_ns) as duration_ns,
    sum(cost_usd) as cost_usd,
    sum(input_usd) as input_usd,
    sum(output_usd) as output_usd,
    sum(cache_read_usd) as cache_read_usd,
    sum(cache_write_5m_usd) as cache_write_5m_usd,
    sum(cache_write_1h_usd) as cache_write_1h_usd,
    sum(web_search_usd) as web_search_usd,
    sum(list_usd) as list_usd,
    cast($newest as bigint) as pass
from totals_by_hour
where list_contains($moments, hour)
group by hour, dimension, value
having sum(requests) <> 0
order by dimension, hour, value
