-- Enter alerts as they are now, in place of what they were.
insert or replace into alerts by name
select * exclude (based_on)
from incoming_alerts
where not list_contains($stale, alert_id)
