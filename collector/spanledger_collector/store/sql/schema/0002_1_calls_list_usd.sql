-- What would a call have cost at list prices? (null while it has no price)
alter table calls add column list_usd decimal(18, 12)
