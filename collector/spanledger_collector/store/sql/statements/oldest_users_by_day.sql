-- From when is the oldest row of users_by_day?
select min(day) from users_by_day
