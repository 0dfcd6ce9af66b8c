-- Which calls are there already?
insert into calls_packed by name
select
    * exclude (call_key, list_usd),
    nullif(call_key, coalesce(message_id, request_id)) as own_key,
    nullif(list_usd, cost_usd) as own_list_usd
from calls
