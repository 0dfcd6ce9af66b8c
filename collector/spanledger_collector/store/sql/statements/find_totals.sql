-- Which counted totals are of sessions whose calls are reported one by one?
select is_kept, row_number
from places_between($first, $last)
where
    not is_kept
    and source = $totals
    and session_id in (select session_id from wanted where list_contains($calls, source))
