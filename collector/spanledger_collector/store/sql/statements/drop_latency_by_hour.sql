-- Remove the rows of some hours, to put others in their place.
delete from latency_by_hour where list_contains($moments, hour)
