-- From when is the oldest row of calls?
select min(start_time) from calls
