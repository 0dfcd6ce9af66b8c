-- Up to which instants have the rollups that follow a while after counted?
select latency, users from counted_until
