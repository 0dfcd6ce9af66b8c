-- When was an alert last found good? (a restart goes on from there with its recovery)
alter table alerts add column last_good_at timestamp
