-- Put sums in their place.
insert into calls_by_hour by name from incoming
