-- Which stored reports have an id that is wanted, or no id but a wanted place in a trace? (each part
-- reads one or two columns, and nulls are skipped by the row group)
with places as materialized (
    select cast(trace_id as uuid) as trace_id, input_tokens, output_tokens from wanted
)

select is_kept, row_number
from places_between($first, $last)
where id_hash in (select id_hash from wanted)
union
select is_kept, row_number
from places_between($first, $last)
where
    message_id is null
    and request_hash in (select request_hash from wanted where request_hash is not null)
union
select is_kept, row_number
from places_between($first, $last)
where
    message_id is null
    and request_hash is null
    and (trace_id, input_tokens, output_tokens) in (from places)
