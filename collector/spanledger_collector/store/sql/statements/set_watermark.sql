-- Move the rollup's watermark.
update rollup_watermark set batch_id = $newest
