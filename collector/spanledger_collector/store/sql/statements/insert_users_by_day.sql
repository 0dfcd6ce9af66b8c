-- Put sums in their place.
insert into users_by_day by name from incoming
