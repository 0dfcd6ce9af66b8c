-- Which alert has this id?
select * from alerts where alert_id = $alert_id
