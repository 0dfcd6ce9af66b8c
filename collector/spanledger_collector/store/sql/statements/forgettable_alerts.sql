-- Which alerts are over since before an instant, and needed by nobody? (needed are those with a
-- message to be sent, the newest of a group if somebody ended it while it was bad, and whatever
-- came after one that stays)
with episodes as (
    select
        alert_id,
        rule,
        dimension,
        value,
        episode,
        state = 'resolved'
        and resolved_at < $until
        and not (held and episode = max(episode) over (partition by rule, dimension, value))
        and alert_id not in (select alert_id from alert_outbox where state = 'waiting')
            as may_go
    from alerts
)

select alert_id
from episodes
qualify bool_and(may_go) over (partition by rule, dimension, value order by episode)
order by episode, alert_id
limit $most
