-- What was used in the whole hour of an instant, call by call? With skip, nothing.
create or replace macro whole_hour_of(instant, skip) as table
from raw_usage(
    date_trunc('hour', instant),
    if(skip, date_trunc('hour', instant), date_trunc('hour', instant) + interval 1 hour),
    -1
)
