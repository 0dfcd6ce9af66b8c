-- Let go of messages that were delivered or given up before an instant.
delete from alert_outbox where state <> 'waiting' and next_at < $until
