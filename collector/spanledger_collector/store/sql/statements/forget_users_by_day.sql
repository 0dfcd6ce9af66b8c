-- Let go of the rows of users_by_day before an instant.
delete from users_by_day where day < $until
