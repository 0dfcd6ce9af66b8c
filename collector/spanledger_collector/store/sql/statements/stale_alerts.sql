-- Which incoming alerts are based on another revision than the stored one, or are new although
-- their group has one that is open, or as new?
select incoming.alert_id
from incoming_alerts as incoming
left join alerts on incoming.alert_id = alerts.alert_id
where
    coalesce(alerts.revision, 0) <> incoming.based_on
    or (
        incoming.based_on = 0
        and exists (
            select 1
            from alerts as other
            where
                other.rule = incoming.rule
                and other.dimension = incoming.dimension
                and other.value = incoming.value
                and (other.state <> 'resolved' or other.episode >= incoming.episode)
        )
    )
