-- Let go of the rows of spans before an instant.
delete from spans where start_time < $until
