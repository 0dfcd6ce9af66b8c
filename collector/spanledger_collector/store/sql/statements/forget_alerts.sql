-- Let go of the rows of alerts that are about some alerts.
delete from alerts where alert_id in (select unnest(cast($alert_ids as varchar[])))
