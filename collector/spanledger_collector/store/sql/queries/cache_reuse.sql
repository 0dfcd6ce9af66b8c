-- Which prompts are used again just after their place in the cache has run out?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param within integer(6..1440) = 60: minutes after a use within which the next one is still a reuse
-- @param limit integer(1..10000) = 100: rows at most
-- @filters
-- @derived row_limit cache_rates
-- @returns service feature model cached_calls reuses late_reuses late_share median_gap_s late_median_gap_s rewritten_tokens rewritten_usd saved_by_1h_usd
-- @note Reads the calls. A prompt's uses are the calls of one session (or, without sessions, of one service, feature and user) at one model which read or wrote the cache; a reuse is late when it came more than five minutes after the use before and had to write again at least half of what that one read and wrote. `saved_by_1h_usd` is what one-hour writes would have saved, their premium on all five-minute writes deducted; negative where they would not pay.
with uses as (
    select
        service,
        feature,
        model,
        provider,
        date_diff('day', date '1970-01-01', cast(start_time as date)) as day,
        cache_write_5m_tokens as written,
        cast(cache_write_5m_usd as double) as written_usd,
        epoch(start_time - lag(start_time) over uses_of_a_prompt) as gap_s,
        lag(cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) over uses_of_a_prompt as cached_before,
        lag(cache_write_1h_tokens) over uses_of_a_prompt as hour_before
    from
        calls_of(
            $start, $end, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status
        )
    where cache_read_tokens > 0 or cache_write_5m_tokens > 0 or cache_write_1h_tokens > 0
    window
        uses_of_a_prompt as (
            partition by service, model, if(session_id is null, feature, session_id), if(session_id is null, user_id, '')
            order by start_time, span_id
        )
),

judged as (
    select
        uses.*,
        gap_s <= $within * 60 as reuse,
        reuse and gap_s > 300 and hour_before = 0 and written * 2 >= cached_before and written > 0 as late,
        least(written, cached_before) as again,
        written_usd / nullif(written, 0) as write_rate,
        read,
        write_5m,
        write_1h
    from uses
    left join rates_of($cache_rates) as rates
        on uses.model = rates.model
        and uses.provider = rates.provider
        and uses.day >= rates.first_day
        and uses.day < rates.last_day
)

select
    service,
    feature,
    model,
    count(*) as cached_calls,
    count(*) filter (where reuse) as reuses,
    count(*) filter (where late) as late_reuses,
    count(*) filter (where late) / nullif(count(*) filter (where reuse), 0) as late_share,
    cast(median(gap_s) filter (where reuse) as double) as median_gap_s,
    cast(median(gap_s) filter (where late) as double) as late_median_gap_s,
    whole(sum(again) filter (where late)) as rewritten_tokens,
    cast(round(coalesce(sum(again * write_rate) filter (where late), 0), 9) as decimal(38, 9)) as rewritten_usd,
    cast(
        round(
            coalesce(sum(again * write_rate * (1 - read / write_5m)) filter (where late), 0)
            - coalesce(sum((written - if(late, again, 0)) * write_rate * (write_1h / write_5m - 1)), 0),
            9
        ) as decimal(38, 9)
    ) as saved_by_1h_usd
from judged
group by service, feature, model
having late_reuses > 0
order by rewritten_usd desc, late_reuses desc, service, feature, model
limit $row_limit
