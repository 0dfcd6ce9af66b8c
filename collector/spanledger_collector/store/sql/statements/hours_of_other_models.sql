-- In which hours do calls now count as another model's? (where the model stays, so do latencies)
select distinct date_trunc('hour', calls.start_time) as hour
from calls
inner join incoming on calls.batch_id = incoming.batch_id and calls.call_key = incoming.call_key
where calls.model is distinct from incoming.model
