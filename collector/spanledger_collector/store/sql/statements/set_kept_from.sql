-- Note from which day on calls are kept.
update kept_from set calls = greatest(calls, $until)
