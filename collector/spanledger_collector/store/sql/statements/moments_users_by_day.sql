-- Which days have gathered so many partial rows that adding them up pays? (among those that are
-- or just were open, have newer rows than at the last look, or were counted in pieces)
select day as moment
from users_by_day
where
    day >= $looked_from
    or day in (select day from users_by_day where pass >= $since)
    or list_contains(cast($pieces as timestamp[]), day)
group by day
having
    count(distinct pass) > if(day < $closed_before, $closed_passes, $open_passes)
    or list_contains(cast($pieces as timestamp[]), day)
order by day
limit $most
