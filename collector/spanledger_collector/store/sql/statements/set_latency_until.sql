-- Note up to which instant durations are counted.
update counted_until set latency = $until
