-- What did the hours cost at list prices before there were contracts? (the same)
update calls_by_hour set list_usd = cost_usd
