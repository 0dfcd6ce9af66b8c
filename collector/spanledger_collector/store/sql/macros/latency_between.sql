-- How long did calls between two instants take? Rows are counts by bucket of a histogram, for
-- percentile_ns. Whole hours come from the rollup; the hours cut by the range's edges, and what the
-- rollup has not counted yet, from calls. The rollup knows no service, team and environment, so who
-- asks for them must ask with fine: then everything comes from calls.
create or replace macro latency_between(t0, t1, fine, watermark) as table
select
    hour as moment,
    cast(null as varchar) as service,
    cast(null as varchar) as team,
    cast(null as varchar) as environment,
    provider,
    model,
    operation,
    outcome,
    measure,
    bucket,
    n
from latency_by_hour
where not fine and hour >= whole_hour_after(t0) and hour < date_trunc('hour', t1)
union all
from raw_latency(t0, if(fine, t1, least(whole_hour_after(t0), t1)), -1)
union all
from raw_latency(
    if(fine, t1, greatest(whole_hour_after(t0), date_trunc('hour', t1))), t1, -1
)
union all
from raw_latency(
    if(fine, t1, greatest(whole_hour_after(t0), (select latency from counted_until))),
    if(fine, t1, date_trunc('hour', t1)),
    -1
)
union all
from raw_latency(
    if(fine, t1, whole_hour_after(t0)),
    if(fine, t1, least(date_trunc('hour', t1), (select latency from counted_until))),
    watermark
)
