-- Which slot of `local_buckets` does an instant lie in?
create or replace macro slot_of(length, instant) as case
    when length = 'none' then null
    when length = 'minute' then time_bucket(interval 1 minute, instant)
    when length = 'five_minutes' then time_bucket(interval 5 minutes, instant)
    else quarter_of(instant)
end
