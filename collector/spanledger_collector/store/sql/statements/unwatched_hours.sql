-- In which hours since the first judgement did nobody judge?
select hour
from
    range(
        greatest($since, (select min(hour) from watched_hours)), $until, interval 1 hour
    ) as hours (hour)
where hour not in (select hour from watched_hours)
