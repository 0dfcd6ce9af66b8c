-- Note that somebody judges in this hour.
insert or ignore into watched_hours values ($hour)
