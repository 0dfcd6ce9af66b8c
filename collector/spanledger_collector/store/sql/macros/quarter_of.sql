-- Which quarter of an hour does an instant lie in?
create or replace macro quarter_of(instant) as time_bucket(interval 15 minutes, instant)
