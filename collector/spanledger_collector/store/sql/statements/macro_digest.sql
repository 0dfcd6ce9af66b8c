-- Which edition of the macros does the file hold?
select digest from applied_macros
