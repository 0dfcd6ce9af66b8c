-- Note what came of messages, unless somebody else has them by now.
update alert_outbox
set
    state = settled.state,
    attempts = settled.attempts,
    next_at = settled.next_at,
    settled_at = settled.settled_at,
    error = settled.error,
    holder = null
from incoming_sends as settled
where alert_outbox.send_id = settled.send_id and alert_outbox.holder = settled.holder
