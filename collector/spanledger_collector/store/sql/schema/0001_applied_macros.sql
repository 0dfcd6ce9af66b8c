-- Which edition of the macros does the file hold? (one row; opening writes only when it changed)
create table applied_macros as select cast('' as varchar) as digest
