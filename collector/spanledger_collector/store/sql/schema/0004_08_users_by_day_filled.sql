-- What did each user use in the calls that are there already?
insert into users_by_day
select
    date_trunc('day', start_time) as day,
    user_id,
    service,
    team,
    environment,
    provider,
    model,
    count(*) as requests,
    count(*) filter (where operation = 'chat') as calls,
    count(*) filter (where outcome = 'failed') as errors,
    count(*) filter (where cost_status = 'unpriced') as unpriced_calls,
    count(*) filter (where cost_status = 'estimated') as estimated_calls,
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
    0 as pass
from calls
where
    start_time < date_trunc('day', now() at time zone 'UTC')
    and batch_id <= (select batch_id from rollup_watermark)
group by all
order by all
