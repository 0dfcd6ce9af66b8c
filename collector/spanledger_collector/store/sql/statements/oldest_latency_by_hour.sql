-- From when is the oldest row of latency_by_hour?
select min(hour) from latency_by_hour
