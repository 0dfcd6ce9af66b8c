-- Let go of the rows of metric_points before an instant.
delete from metric_points where time < $until
