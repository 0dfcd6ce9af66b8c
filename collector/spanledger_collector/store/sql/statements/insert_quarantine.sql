-- Which spans were refused this time?
insert into quarantine by name
select
    *,
    cast($batch_id as bigint) as batch_id,
    cast($received_at as timestamp) as received_at
from incoming
