-- Put sums in their place.
insert into latency_by_hour by name from incoming
