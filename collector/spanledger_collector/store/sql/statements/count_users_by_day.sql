-- What did users use in calls that are now counted?
insert into users_by_day by name
select *, cast($newest as bigint) as pass
from day_users($first, $last, $after, $upto, null)
where
    $moments is null
    or day in (select unnest(cast($moments as timestamp[])))
order by all
