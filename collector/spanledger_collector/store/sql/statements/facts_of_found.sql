-- What do the reports that were found say? (row by row number, which prunes all other row groups)
from reports_between($first, $last)
where not is_kept and row_number in (select row_number from found where not is_kept)
union all
from reports_between($first, $last)
where is_kept and row_number in (select row_number from found where is_kept)
