-- How long do calls take: until the first content and in all, and how fast do they write?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param tz zone = UTC: time zone of the buckets
-- @param bucket choice(none|minute|five_minutes|quarter_hour|hour|day|week|month) = none: length of a bucket, in local time; below an hour the calls themselves are read
-- @param group_by group = model: dimension to tell apart
-- @param limit integer(1..100000) = 10000: rows at most
-- @filters
-- @derived raw_latency row_limit
-- @returns bucket group_1 requests duration_p50_ns duration_p95_ns duration_p99_ns streams first_chunk_p50_ns first_chunk_p95_ns first_chunk_p99_ns output_tokens_per_second
-- @note Percentiles are within 2 % (a histogram whose buckets grow by 4 %), from a rollup by the hour; filters and groups that it lacks (service, team, environment, feature, workspace_id, user_id, session_id, cost_status) and hours in zones with half hours read the calls.
with measured as (
    select
        slot_of($bucket, moment) as slot,
        dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
        measure,
        bucket as width,
        n
    from latency_of($start, $end, $raw_latency, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
),

histograms as (
    -- Joined before it is added up: by quarters of an hour there would be hardly fewer rows.
    select
        buckets.bucket as moment,
        group_1,
        measure,
        width as bucket,
        sum(n) as n
    from measured
    inner join local_buckets($bucket, $tz, $start, $end) as buckets on measured.slot is not distinct from buckets.slot
    group by all
),

listed as (
    select
        moment,
        group_1,
        measure,
        whole(sum(n)) as n,
        list({'bucket': bucket, 'n': n} order by bucket) as histogram
    from histograms
    group by moment, group_1, measure
),

speeds as (
    select
        buckets.bucket as moment,
        group_1,
        sum(output_tokens) as output_tokens,
        sum(duration_ns) as duration_ns
    from
        (
            select
                slot_of($bucket, moment) as slot,
                dimension($group_by, model, service, team, feature, environment, provider, workspace_id, outcome, cost_status, operation, user_id, session_id) as group_1,
                sum(output_tokens) as output_tokens,
                sum(duration_ns) filter (where output_tokens > 0) as duration_ns
            from usage_of($start, $end, $raw_latency, $watermark, $model, $service, $team, $feature, $environment, $provider, $workspace_id, $user_id, $outcome, $cost_status)
            group by slot, group_1
        ) as used
    inner join local_buckets($bucket, $tz, $start, $end) as buckets on used.slot is not distinct from buckets.slot
    group by moment, group_1
)

select
    duration.moment as bucket,
    duration.group_1,
    duration.n as requests,
    percentile_ns(duration.histogram, 0.5) as duration_p50_ns,
    percentile_ns(duration.histogram, 0.95) as duration_p95_ns,
    percentile_ns(duration.histogram, 0.99) as duration_p99_ns,
    coalesce(first_chunk.n, 0) as streams,
    percentile_ns(first_chunk.histogram, 0.5) as first_chunk_p50_ns,
    percentile_ns(first_chunk.histogram, 0.95) as first_chunk_p95_ns,
    percentile_ns(first_chunk.histogram, 0.99) as first_chunk_p99_ns,
    cast(speeds.output_tokens as double) * 1e9 / nullif(cast(speeds.duration_ns as double), 0) as output_tokens_per_second
from (from listed where measure = 'duration') as duration
left join (from listed where measure = 'first_chunk') as first_chunk
    on duration.moment is not distinct from first_chunk.moment
    and duration.group_1 is not distinct from first_chunk.group_1
left join speeds
    on duration.moment is not distinct from speeds.moment
    and duration.group_1 is not distinct from speeds.group_1
order by duration.moment, requests desc, duration.group_1
limit $row_limit
