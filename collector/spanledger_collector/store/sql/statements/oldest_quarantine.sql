-- From when is the oldest row of quarantine?
select min(received_at) from quarantine
