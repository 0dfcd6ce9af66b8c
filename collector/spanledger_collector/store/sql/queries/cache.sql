-- Does caching pay: what share of the prompts came from the cache, and what did that save after the premium on writes?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param tz zone = UTC: time zone of the buckets
-- @param bucket choice(none|minute|five_minutes|quarter_hour|hour|day|week|month) = none: length of a bucket, in local time; below an hour the calls themselves are read
-- @param group_by group = none: dimension to tell apart
-- @param limit integer(1..100000) = 10000: rows at most
-- @filters
-- @derived fine row_limit cache_rates
-- @returns bucket group_1 calls input_tokens cache_read_tokens cache_write_5m_tokens cache_write_1h_tokens hit_share
-- @returns input_usd cache_read_usd cache_write_5m_usd cache_write_1h_usd reads_saved_usd write_premium_usd net_saved_usd unknown_savings_usd
-- @note Savings are what the same tokens would have cost as uncached input, by the rates in force on the day, less what they did cost. Batches, regions, fast mode and long prompts change all rates alike, so the ratio of the standard rates holds for them.
with used as (
    select
        slot_of($bucket, moment) as slot,
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        model,
        provider,
        date_diff('day', date '1970-01-01', cast(moment as date)) as day,
        sum(calls) as calls,
        sum(input_tokens) filter (where cost_status <> 'unpriced') as input_tokens,
        sum(cache_read_tokens) filter (where cost_status <> 'unpriced') as cache_read_tokens,
        sum(cache_write_5m_tokens) filter (where cost_status <> 'unpriced') as cache_write_5m_tokens,
        sum(cache_write_1h_tokens) filter (where cost_status <> 'unpriced') as cache_write_1h_tokens,
        sum(input_usd) as input_usd,
        sum(cache_read_usd) as cache_read_usd,
        sum(cache_write_5m_usd) as cache_write_5m_usd,
        sum(cache_write_1h_usd) as cache_write_1h_usd
    from usage_of($start, $end, $fine, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
    group by slot, group_1, model, provider, day
),

saved as (
    -- A rate is a multiple of that of uncached input: what a token of input would have cost is the
    -- amount divided by it.
    select
        used.*,
        cast(cache_read_usd as double) * (1 / read - 1) as reads_saved,
        coalesce(cast(cache_write_5m_usd as double) * (1 - 1 / write_5m), 0)
        + coalesce(cast(cache_write_1h_usd as double) * (1 - 1 / write_1h), 0) as premium,
        if(read is null, cache_read_usd + cache_write_5m_usd + cache_write_1h_usd, 0) as unknown_usd
    from used
    left join rates_of($cache_rates) as rates
        on used.model = rates.model
        and used.provider = rates.provider
        and used.day >= rates.first_day
        and used.day < rates.last_day
)

select
    bucket,
    group_1,
    whole(sum(calls)) as calls,
    whole(sum(input_tokens)) as input_tokens,
    whole(sum(cache_read_tokens)) as cache_read_tokens,
    whole(sum(cache_write_5m_tokens)) as cache_write_5m_tokens,
    whole(sum(cache_write_1h_tokens)) as cache_write_1h_tokens,
    cast(sum(cache_read_tokens) as double)
    / nullif(cast(sum(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) as double), 0) as hit_share,
    sum(input_usd) as input_usd,
    sum(cache_read_usd) as cache_read_usd,
    sum(cache_write_5m_usd) as cache_write_5m_usd,
    sum(cache_write_1h_usd) as cache_write_1h_usd,
    cast(round(coalesce(sum(reads_saved), 0), 9) as decimal(38, 9)) as reads_saved_usd,
    cast(round(coalesce(sum(premium), 0), 9) as decimal(38, 9)) as write_premium_usd,
    reads_saved_usd - write_premium_usd as net_saved_usd,
    coalesce(sum(unknown_usd), 0) as unknown_savings_usd
from saved
inner join local_buckets($bucket, $tz, $start, $end) as buckets on saved.slot is not distinct from buckets.slot
group by bucket, group_1
order by bucket, net_saved_usd desc, group_1
limit $row_limit
