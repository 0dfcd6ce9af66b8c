-- Let go of the rows of quarantine before an instant.
delete from quarantine where received_at < $until
