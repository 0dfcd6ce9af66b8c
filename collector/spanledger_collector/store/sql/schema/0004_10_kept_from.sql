-- From which day on are calls kept? (one row; sums by hour of older ones remain)
create table kept_from as select timestamp '1970-01-01' as calls
