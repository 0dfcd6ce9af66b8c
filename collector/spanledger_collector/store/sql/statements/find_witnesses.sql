-- Which sessions of wanted totals have calls that are reported one by one, and when?
select distinct session_id, epoch_us(start_time) as start_us
from places_between($first, $last)
where
    list_contains($calls, source)
    and session_id in (select session_id from wanted where source = $totals)
