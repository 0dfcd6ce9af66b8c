-- Which whole hour starts at or after an instant?
create or replace macro whole_hour_after(instant) as
    date_trunc('hour', instant + interval 1 hour - interval 1 microsecond)
