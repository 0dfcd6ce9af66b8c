-- By which numbers are the calls found that are there already? (after all columns are added: DuckDB 1
-- cannot alter a table that the same transaction has written to)
update calls
set
    id_hash = md5_number_lower(coalesce(message_id, request_id, call_key)),
    request_hash = cast(md5_number_lower(request_id) & 4294967295 as uinteger)
