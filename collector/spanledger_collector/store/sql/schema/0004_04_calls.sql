-- Where are calls from now on?
alter table calls_packed rename to calls
