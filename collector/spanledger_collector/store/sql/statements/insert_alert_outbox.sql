-- Queue messages; one that is queued already stays as it is.
insert or ignore into alert_outbox by name
select *
from incoming_sends
where not list_contains($stale, alert_id)
