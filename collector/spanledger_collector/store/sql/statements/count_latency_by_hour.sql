-- How long did calls take that are now counted?
insert into latency_by_hour by name
select *, cast($newest as bigint) as pass
from hour_latency($first, $last, $after, $upto, null)
where
    $moments is null
    or hour in (select unnest(cast($moments as timestamp[])))
order by all
