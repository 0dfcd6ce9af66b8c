-- Up to which batch has the rollup counted?
select batch_id from rollup_watermark
