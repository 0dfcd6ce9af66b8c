-- Remove the rows of some hours, to put others in their place.
delete from calls_by_hour where list_contains($moments, hour)
