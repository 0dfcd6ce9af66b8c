-- What would the calls of an hour have cost at list prices?
alter table calls_by_hour add column list_usd decimal(38, 12)
