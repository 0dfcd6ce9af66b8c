-- Which of the wanted reports are stored already, as such? (found first, so that few rows are read;
-- materialized, because DuckDB 1.5 cannot look for an uuid in columns of Arrow)
with wanted_reports as materialized (
    select n, id_hash, span_id, cast(trace_id as uuid) as trace_id, source from wanted
)

select wanted_reports.n
from wanted_reports
inner join (
    from reports_between($first, $last)
    where not is_kept and row_number in (select row_number from found where not is_kept)
    union all
    from reports_between($first, $last)
    where is_kept and row_number in (select row_number from found where is_kept)
) as stored using (id_hash, span_id, trace_id, source)
