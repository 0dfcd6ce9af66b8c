-- Which whole day in UTC starts at or after an instant?
create or replace macro whole_day_after(instant) as
    date_trunc('day', instant + interval 1 day - interval 1 microsecond)
