-- Let go of the rows of latency_by_hour before an instant.
delete from latency_by_hour where hour < $until
