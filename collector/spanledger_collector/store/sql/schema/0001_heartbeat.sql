-- When did a probe last commit? (written only while commits fail, to see whether they work again)
create table heartbeat as select cast(null as timestamp) as beat_at
