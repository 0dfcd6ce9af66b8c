-- Which reports count, of calls that several sources report?
insert into calls by name
select
    judged.* exclude (n, call_key, list_usd, input_usd, claimed_usd)
    replace (
        other_tags(judged.tags, judged.team, judged.feature, judged.user_id, judged.session_id) as tags,
        verdicts.team as team,
        verdicts.feature as feature,
        verdicts.user_id as user_id,
        verdicts.session_id as session_id
    ),
    verdicts.filled,
    nullif(judged.call_key, coalesce(judged.message_id, judged.request_id)) as own_key,
    nullif(judged.list_usd, judged.cost_usd) as own_list_usd,
    judged.input_usd is not distinct from
    rest_of_cost(judged.cost_usd, judged.output_usd, judged.cache_read_usd, judged.cache_write_5m_usd, judged.cache_write_1h_usd, judged.web_search_usd) as input_is_rest,
    if(input_is_rest, null, judged.input_usd) as own_input_usd,
    judged.claimed_usd is not distinct from judged.cost_usd as claim_is_cost,
    if(claim_is_cost, null, judged.claimed_usd) as own_claimed_usd,
    cast($batch_id as bigint) as batch_id
from judged
inner join verdicts on judged.n = verdicts.n
where verdicts.counts
