-- From when is the oldest row of metric_points?
select min(time) from metric_points
