-- When was the oldest message delivered or given up that is kept?
select min(next_at) from alert_outbox where state <> 'waiting'
