-- Remove the rows of some days, to put others in their place.
delete from users_by_day where list_contains($moments, day)
