-- Let go of the rows of calls before an instant.
delete from calls where start_time < $until
