-- Which calls cost that for other reasons? (apart, because a list is rewritten row by row)
update calls
set cost_reasons = incoming.cost_reasons
from incoming
where
    calls.batch_id = incoming.batch_id
    and calls.call_key = incoming.call_key
    and calls.cost_reasons <> incoming.cost_reasons
