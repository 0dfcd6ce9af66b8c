-- Which stored reports with a message id are of requests whose message is not known?
select is_kept, row_number
from places_between($first, $last)
where
    message_id is not null
    and request_hash in (
        select request_hash from wanted where request_hash is not null and message_id is null
    )
