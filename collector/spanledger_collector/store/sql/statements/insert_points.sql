-- Which of the incoming points of metrics are new?
insert into metric_points by name
select
    *,
    cast($batch_id as bigint) as batch_id,
    cast($received_at as timestamp) as received_at
from incoming
where
    not exists (
        select 1
        from metric_points
        where
            metric_points.time >= $first
            and metric_points.time <= $last
            and metric_points.point_key = incoming.point_key
    )
