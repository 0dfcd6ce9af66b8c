-- Let nobody else send these for a while.
update alert_outbox
set holder = $holder, next_at = $until
where list_contains($send_ids, send_id)
