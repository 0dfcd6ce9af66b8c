-- Let go of the rows of call_reports before an instant.
delete from call_reports where start_time < $until
