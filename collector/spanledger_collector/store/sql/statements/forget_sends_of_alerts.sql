-- Let go of the messages about some alerts.
delete from alert_outbox where alert_id in (select unnest(cast($alert_ids as varchar[])))
