-- From when is the oldest row of spans?
select min(start_time) from spans
