-- Which reports are kept beside the calls that count?
insert into call_reports by name
select
    judged.* exclude (n)
    replace (
        verdicts.team as team,
        verdicts.feature as feature,
        verdicts.user_id as user_id,
        verdicts.session_id as session_id
    ),
    verdicts.counted_key,
    verdicts.matched_by,
    cast($batch_id as bigint) as batch_id
from judged
inner join verdicts on judged.n = verdicts.n
where not verdicts.counts
