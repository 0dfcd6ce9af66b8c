-- Does a value pass a filter? An empty filter passes all; '(none)' stands for a missing value.
create or replace macro matches(value, wanted) as
    len(wanted) = 0 or list_contains(wanted, coalesce(value, '(none)'))
