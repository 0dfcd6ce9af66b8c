-- Which messages are due, the longest first? (of an alert's messages to a channel, one after another)
with first as (
    select *
    from alert_outbox
    where state = 'waiting'
    qualify row_number() over (partition by channel, alert_id order by queued_at, send_id) = 1
)

select send_id, alert_id, channel, reason, body, queued_at, attempts
from first
where next_at <= $now
order by next_at, send_id
limit $most
