-- Which facts of a call come from its other reports? (names with commas between; nearly always null)
alter table calls add column filled varchar
