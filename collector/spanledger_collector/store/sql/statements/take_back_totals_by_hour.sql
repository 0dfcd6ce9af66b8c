-- Which sums must go down because some calls are about to be replaced?
insert into totals_by_hour by name
select
    hour,
    dimension,
    value,
    -columns('^(requests|calls|errors|unpriced_calls|estimated_calls|input_tokens|cache_read_tokens|cache_write_5m_tokens|cache_write_1h_tokens|output_tokens|thinking_tokens|web_search_requests|retries|duration_ns|cost_usd|input_usd|output_usd|cache_read_usd|cache_write_5m_usd|cache_write_1h_usd|web_search_usd|list_usd)$') as '\0',
    cast($newest as bigint) as pass
from hour_totals($first, $last, -1, $watermark, cast($keys as varchar[]))
