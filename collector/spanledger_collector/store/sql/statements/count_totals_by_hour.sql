-- What did calls add to each hour by each dimension alone?
insert into totals_by_hour by name
select *, cast($newest as bigint) as pass
from hour_totals($first, $last, $after, $upto, null)
where
    $moments is null
    or hour in (select unnest(cast($moments as timestamp[])))
order by dimension, hour, value
