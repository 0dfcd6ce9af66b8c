-- What did calls add to each hour?
insert into calls_by_hour by name
select *, cast($newest as bigint) as pass
from hour_sums($first, $last, $after, $upto, null)
where
    $moments is null
    or hour in (select unnest(cast($moments as timestamp[])))
order by all
