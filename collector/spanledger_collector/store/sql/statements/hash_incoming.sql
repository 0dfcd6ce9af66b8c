-- By which numbers are the incoming calls found? (as in calls.id_hash and calls.request_hash)
select
    md5_number_lower(coalesce(message_id, request_id, call_key)) as id_hash,
    cast(md5_number_lower(request_id) & 4294967295 as uinteger) as request_hash
from incoming
