-- Which incoming alerts are based on another revision than the stored one?
select alert_id
from incoming_alerts as incoming
left join alerts using (alert_id)
where coalesce(alerts.revision, 0) <> incoming.based_on
