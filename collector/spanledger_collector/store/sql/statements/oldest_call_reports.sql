-- From when is the oldest row of call_reports?
select min(start_time) from call_reports
