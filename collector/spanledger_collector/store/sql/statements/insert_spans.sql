-- Which of the incoming spans are new?
insert into spans by name
select
    *,
    cast($batch_id as bigint) as batch_id,
    cast($received_at as timestamp) as received_at
from incoming
where
    not exists (
        select 1
        from spans
        where
            spans.start_time >= $first
            and spans.start_time <= $last
            and spans.span_id = incoming.span_id
            and spans.trace_id = incoming.trace_id
    )
