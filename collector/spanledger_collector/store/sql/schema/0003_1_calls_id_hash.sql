-- By which number is a call found? (64 bits of its message id, request id or key: 5 times as fast)
alter table calls add column id_hash ubigint
