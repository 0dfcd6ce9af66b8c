-- Which of the incoming reports are of calls that nobody reported before?
insert into calls by name
select
    * exclude (call_key, list_usd)
    replace (other_tags(tags, team, feature, user_id, session_id) as tags),
    nullif(call_key, coalesce(message_id, request_id)) as own_key,
    nullif(list_usd, cost_usd) as own_list_usd,
    cast($batch_id as bigint) as batch_id,
    cast($received_at as timestamp) as received_at
from incoming
