-- Which hours have gathered so many partial rows that adding them up pays? (among those that are
-- or just were open, have newer rows than at the last look, or were counted in pieces)
select hour as moment
from calls_by_hour
where
    hour >= $looked_from
    or hour in (select hour from calls_by_hour where pass >= $since)
    or list_contains(cast($pieces as timestamp[]), hour)
group by hour
having
    count(distinct pass) > if(hour < $closed_before, $closed_passes, $open_passes)
    or list_contains(cast($pieces as timestamp[]), hour)
order by hour
limit $most
