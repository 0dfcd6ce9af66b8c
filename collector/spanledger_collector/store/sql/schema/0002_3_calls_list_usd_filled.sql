-- What did the calls cost at list prices before there were contracts? (the same)
update calls set list_usd = cost_usd
