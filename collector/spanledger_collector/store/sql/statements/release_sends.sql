-- Give out anew what somebody had in hand who is gone.
update alert_outbox
set holder = null, next_at = $now
where state = 'waiting' and holder is not null
