-- Which reports of calls, counted or kept beside, started between two instants? (with what they are
-- looked up by and no more: every column takes time to plan, for each batch that comes)
create or replace macro places_between(t0, t1) as table
select
    false as is_kept,
    rowid as row_number,
    start_time,
    source,
    session_id,
    trace_id,
    input_tokens,
    output_tokens,
    message_id,
    id_hash,
    request_hash
from calls
where start_time >= t0 and start_time <= t1
union all
select
    true as is_kept,
    rowid as row_number,
    start_time,
    source,
    session_id,
    trace_id,
    input_tokens,
    output_tokens,
    message_id,
    id_hash,
    request_hash
from call_reports
where start_time >= t0 and start_time <= t1
