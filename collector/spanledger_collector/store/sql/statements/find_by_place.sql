-- Which stored reports are at the place of a report without ids: same trace, same tokens?
with places as materialized (
    select cast(trace_id as uuid) as trace_id, input_tokens, output_tokens
    from wanted
    where message_id is null and request_hash is null
)

select is_kept, row_number
from places_between($first, $last)
where (trace_id, input_tokens, output_tokens) in (from places)
