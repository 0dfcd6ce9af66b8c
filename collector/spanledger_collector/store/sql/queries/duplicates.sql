-- Which sources report calls, and how many of their reports are of calls that count already?
-- @param start instant = 7 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param team texts = : only calls of this team; repeat it for more, `(none)` for missing
-- @returns source counted_calls duplicates duplicate_share matched_by_counts cost_usd claimed_usd claim_difference_usd
-- @note Reads the calls. `cost_usd` is of counted calls; the claim and its difference are of those that have one.
with reports as (
    select
        source,
        true as counted,
        cast(null as varchar) as matched_by,
        cost_usd,
        claimed_usd
    from calls
    where start_time >= $start and start_time < $end and matches(team, $team)
    union all
    select
        source,
        false as counted,
        matched_by,
        null as cost_usd,
        null as claimed_usd
    from call_reports
    where start_time >= $start and start_time < $end and matches(team, $team)
)

select
    source,
    count(*) filter (where counted) as counted_calls,
    count(*) filter (where not counted) as duplicates,
    count(*) filter (where not counted) / count(*) as duplicate_share,
    cast(to_json(histogram(matched_by)) as varchar) as matched_by_counts,
    sum(cost_usd) as cost_usd,
    sum(claimed_usd) as claimed_usd,
    sum(cost_usd - claimed_usd) as claim_difference_usd
from reports
group by source
order by counted_calls desc, duplicates desc, source
