-- Note what happened to alerts.
insert into alert_events by name
select *
from incoming_events
where not list_contains($stale, alert_id)
