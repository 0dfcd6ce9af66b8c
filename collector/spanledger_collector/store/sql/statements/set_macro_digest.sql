-- Note which edition of the macros the file holds.
update applied_macros set digest = $digest
