-- Can a transaction commit?
update heartbeat set beat_at = $now
