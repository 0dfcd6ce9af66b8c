-- What do the kept reports hold that are judged otherwise now?
select rowid as n, * exclude (batch_id, counted_key, matched_by)
from call_reports
where start_time >= $first and start_time <= $last and rowid in (select n from moved)
