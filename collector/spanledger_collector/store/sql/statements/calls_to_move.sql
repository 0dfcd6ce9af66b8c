-- What do the calls hold that are judged otherwise now?
select rowid as n, * exclude (batch_id, filled, own_key, own_list_usd, input_is_rest, own_input_usd, claim_is_cost, own_claimed_usd)
from calls
where start_time >= $first and start_time <= $last and rowid in (select n from moved)
