-- Where are calls from now on?
alter table calls_lean rename to calls
