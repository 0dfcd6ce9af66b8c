-- How did the request of a message batch end? (null for calls outside batches)
alter table calls add column batch_result varchar
