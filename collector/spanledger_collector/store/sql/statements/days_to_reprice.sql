-- On which days were there calls?
select cast(start_time as date) as day, count(*) as calls
from calls
where start_time >= $first and start_time < $last
group by day
order by day
