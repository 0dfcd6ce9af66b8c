-- Which spans were refused last, and why?
-- @param start instant = 30 days before end: first instant that counts
-- @param end instant = now: first instant that no longer counts
-- @param reason texts = : only these reasons
-- @param limit integer(1..1000) = 50: rows at most
-- @param before cursor = : only rows before this one: the `cursor` of the last row seen
-- @readers whole ledger
-- @derived row_limit before_time before_span
-- @returns received_at reason detail span cursor
-- @note The range is of arrival. The span is what was sent, without any content.
with refused as (
    select *, hash(reason, detail, cast(span as varchar)) as number
    from quarantine
    where received_at >= $start and received_at < $end and matches(reason, $reason)
)

select
    refused.received_at at time zone 'UTC' as received_at,
    reason,
    detail,
    cast(span as varchar) as span,
    strftime(refused.received_at, '%Y-%m-%dT%H:%M:%S.%fZ') || '/' || printf('%016x', number) as cursor
from refused
where
    refused.received_at < $before_time
    or (refused.received_at = $before_time and number < cast($before_span as ubigint))
order by refused.received_at desc, number desc
limit $row_limit
