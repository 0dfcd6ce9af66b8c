-- In which hours did somebody judge? (an hour without calls and without a judge is unknown, not free)
create table watched_hours (hour timestamp primary key)
