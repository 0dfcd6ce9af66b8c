-- How many spans were refused, by reason?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param limit integer(1..1000) = 100: rows at most
-- @readers whole ledger
-- @derived row_limit
-- @returns reason refused_spans oldest_time newest_time newest_detail
-- @note The range is of arrival.
select
    reason,
    count(*) as refused_spans,
    min(received_at) at time zone 'UTC' as oldest_time,
    max(received_at) at time zone 'UTC' as newest_time,
    arg_max(detail, received_at) as newest_detail
from quarantine
where received_at >= $start and received_at < $end
group by reason
order by refused_spans desc, reason
limit $row_limit
