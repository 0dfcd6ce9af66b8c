-- By which number is a call found whose request id is known? (32 bits of it, else null)
alter table calls add column request_hash uinteger
