-- Let go of the rows of alert_events that are about some alerts.
delete from alert_events where alert_id in (select unnest(cast($alert_ids as varchar[])))
