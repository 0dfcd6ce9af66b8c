-- Put sums in their place.
insert into totals_by_hour by name from incoming
