-- Where were calls until now?
drop table calls
