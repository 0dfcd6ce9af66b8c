-- Which messages are due, of each channel the longest first? (of an alert's messages to a channel, one
-- after another; a channel with very many keeps no other one waiting)
with first as (
    select *
    from alert_outbox
    where state = 'waiting'
    qualify row_number() over (partition by channel, alert_id order by queued_at, send_id) = 1
)

select send_id, alert_id, channel, reason, body, queued_at, attempts, error
from first
where next_at <= $now
qualify row_number() over (partition by channel order by next_at, send_id) <= $most
order by next_at, send_id
